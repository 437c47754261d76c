"""Which songs cost most on Flow Music accounts. A song is a conversation there, with its edits."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Abs

from apps.accounts.models import FlowAccount, Team, UsageRow
from apps.accounts.models.usage import UsageRowQuerySet
from apps.accounts.usage_sync import credits
from apps.library.models import Clip, ClipFile
from apps.library.models.clips import ClipQuerySet
from apps.prepared import prepared, share_out

MOST_READ = 13  # songs at once: one more than the page of usage shows


@dataclass(frozen=True)
class SongCost:
    """What one conversation at Flow Music cost, and the team's songs that have its title: perhaps it is one of them."""

    title: str
    credits: float
    account: FlowAccount
    last: date | None
    takes: list[Clip]


def by_song(
    accounts: Collection[FlowAccount], team: Team, *, since: date | None, most: int, own: Collection[int]
) -> tuple[list[SongCost], int]:
    """The dearest ones, and how many there are besides.

    On the accounts `own` (their keys) the person may know what was made elsewhere too; else a title that is none of the
    team's songs isn't shown.
    """
    most_spent, further = _top(accounts, since, most)
    takes = _takes({each["title"] for each in most_spent if each["title"]}, accounts, team)
    by_id = {account.pk: account for account in accounts}
    found = []
    for each in most_spent:
        account = by_id[each["account"]]
        fitting = [take for take in takes.get(each["title"], []) if take.account_id in {None, account.pk}]
        title = each["title"] if fitting or account.pk in own else ""
        found.append(SongCost(title, credits(each["spent"]), account, each["last"], fitting))
    return found, further


def own_accounts(
    accounts: Collection[FlowAccount], team: Team, *, subscriptions: Collection[int]
) -> set[int]:
    """Keys of those under the subscriptions on which no other team of this site has songs: what is made there for
    another team is not told."""
    own = [each for each in accounts if each.subscription_id in subscriptions]
    return {each.pk for each in own} - set(_shared(team, *own) if own else ())


@prepared
def _shared(team: Team, *accounts: FlowAccount) -> QuerySet[FlowAccount, int]:
    others = Clip.objects.filter(account=OuterRef("pk")).exclude(team=team)
    found = FlowAccount.objects.filter(Exists(others), pk__in=[each.pk for each in accounts])
    return found.order_by().values_list("pk", flat=True)


def _top(
    accounts: Collection[FlowAccount], since: date | None, most: int
) -> tuple[list[dict[str, Any]], int]:
    """And how many there are besides."""
    if since and all(each.as_of is None for each in accounts):
        top = _top_since(since, *accounts)
        if len(top) <= most:
            return top, 0
    songs = _conversations(UsageRow.objects.of(accounts).since(since))
    top = list(songs[:most])
    return top, songs.count() - most if len(top) == most else 0


@prepared
def _top_since(since: date, *accounts: FlowAccount) -> QuerySet[UsageRow, Any]:
    return _conversations(UsageRow.objects.filter(account__in=accounts).since(since))[:MOST_READ]


def _conversations(rows: UsageRowQuerySet) -> QuerySet[UsageRow, Any]:
    """The dearest first."""
    songs = rows.charged().exclude(conversation_id="").order_by().values("account", "conversation_id")
    sums = songs.annotate(spent=Abs(Sum("tokens")), title=Max("title"), last=Max("day"))
    return sums.order_by("-spent", "conversation_id")


def _takes(titles: set[str], accounts: Collection[FlowAccount], team: Team) -> dict[str, list[Clip]]:
    """Of each song with such a title its first take."""
    found: defaultdict[str, dict[UUID, Clip]] = defaultdict(dict)
    takes = _called(team, *titles, *accounts)
    share_out(takes, "files", _files(*(take.pk for take in takes)), by="clip")
    for take in takes:
        found[take.title].setdefault(take.song_id, take)
    return {title: list(takes.values()) for title, takes in found.items()}


@prepared
def _called(team: Team, *titles_and_accounts: str | FlowAccount) -> QuerySet[Clip]:
    titles = [each for each in titles_and_accounts if isinstance(each, str)]
    accounts = [each for each in titles_and_accounts if isinstance(each, FlowAccount)]
    here = Q(account=None) | Q(account__in=accounts)
    takes: ClipQuerySet = Clip.objects.for_team(team)
    same = takes.live().filter(here, title__in=titles).select_related("song")
    return same.order_by("-song__created_at", "take")[:200]


@prepared
def _files(*clip_ids: UUID) -> QuerySet[ClipFile]:
    return ClipFile.objects.filter(clip__in=clip_ids)
