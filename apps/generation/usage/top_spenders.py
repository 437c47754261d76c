"""Which songs and whose requests cost most on Flow Music accounts. A song is a conversation there, with its edits."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Max, Q, Sum
from django.db.models.functions import Abs, Coalesce

from apps.accounts.models import FlowAccount, Team, UsageRow, User
from apps.accounts.models.subscriptions import CREDITS_PER_SONG
from apps.accounts.usage_sync import credits
from apps.generation.usage.spending import paid
from apps.library.models import Clip


@dataclass(frozen=True)
class SongCost:
    """What one conversation at Flow Music cost, and the team's songs that have its title: perhaps it is one of them."""

    title: str
    credits: float
    account: FlowAccount
    last: date | None
    takes: list[Clip]


@dataclass(frozen=True)
class PersonCost:
    """What a person's requests cost, as it was counted here."""

    person: User
    credits: int


def by_song(
    accounts: Collection[FlowAccount], team: Team, *, since: date | None, most: int, own: Collection[int]
) -> tuple[list[SongCost], int]:
    """The dearest ones, and how many there are besides.

    Under the subscriptions `own` the person may know what was made elsewhere too; else a title that is none of the
    team's songs isn't shown.
    """
    rows = UsageRow.objects.of(accounts).since(since).charged().exclude(conversation_id="").order_by()
    songs = rows.values("account", "conversation_id").annotate(
        spent=Abs(Sum("tokens")), title=Max("title"), last=Max("day")
    )
    most_spent = list(songs.order_by("-spent", "conversation_id")[:most])
    takes = _takes({each["title"] for each in most_spent if each["title"]}, accounts, team)
    by_id = {account.pk: account for account in accounts}
    found = []
    for each in most_spent:
        account = by_id[each["account"]]
        fitting = [take for take in takes.get(each["title"], []) if take.account_id in {None, account.pk}]
        title = each["title"] if fitting or account.subscription_id in own else ""
        found.append(SongCost(title, credits(each["spent"]), account, each["last"], fitting))
    return found, songs.count() - most if len(found) == most else 0


def by_person(accounts: Collection[FlowAccount], team: Team, *, since: date | None) -> list[PersonCost]:
    """The dearest first; requests of people who have left are not named."""
    sums = paid(accounts, team, since).exclude(asked_by=None).values_list("asked_by")
    spent = dict(sums.annotate(spent=Sum(Coalesce("price", CREDITS_PER_SONG))))
    people = User.objects.filter(pk__in=spent)
    return sorted((PersonCost(each, spent[each.pk]) for each in people), key=lambda each: -each.credits)


def _takes(titles: set[str], accounts: Collection[FlowAccount], team: Team) -> dict[str, list[Clip]]:
    """Of each song with such a title its first take."""
    here = Q(account=None) | Q(account__in=[each.pk for each in accounts])
    same = Clip.objects.for_team(team).live().filter(here, title__in=titles)
    found: defaultdict[str, dict[UUID, Clip]] = defaultdict(dict)
    for take in (
        same.select_related("song").prefetch_related("files").order_by("-song__created_at", "take")[:200]
    ):
        found[take.title].setdefault(take.song_id, take)
    return {title: list(takes.values()) for title, takes in found.items()}
