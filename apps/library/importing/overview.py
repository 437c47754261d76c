"""Collects what /library/import/ says about each account: what the team has from it, and how far its import is."""

from dataclasses import dataclass

from django.db.models import Count, Max

from apps.accounts.models import ApiToken, FlowAccount, Team, User
from apps.library.models import Clip, ClipFile, Import


@dataclass(frozen=True, kw_only=True)
class AccountImport:
    """`takes`: how many of the account's the team has; `to_copy`: of how many the audio is still to come."""

    account: FlowAccount
    walk: Import | None
    own: bool  # the person has a token for it, so may import from it
    owners: list[str]
    takes: int
    to_copy: int

    @property
    def is_open(self) -> bool:
        return self.walk is not None and self.walk.state != Import.State.DONE

    @property
    def label(self) -> str:
        """Of the button; "" while it is being walked."""
        if self.walk is None:
            return "Import"
        if self.walk.is_walking:
            return ""
        return "Continue" if self.is_open else "Check for new songs"


def lines(team: Team, user: User) -> list[AccountImport]:
    """The person's own accounts first. Of those that the team sees no more, only what was imported from it."""
    walks = {walk.account_id: walk for walk in _newest(team)}
    seen = FlowAccount.objects.for_team(team) | FlowAccount.objects.filter(pk__in=walks.keys())
    accounts = seen.select_related("subscription")
    takes = Clip.objects.for_team(team).live().order_by().values_list("account")
    counts = dict(takes.annotate(Count("pk")))
    mp3s = ClipFile.objects.for_team(team).filter(background=True, kind=ClipFile.Kind.MP3)
    wanted = mp3s.filter(state=ClipFile.State.WANTED, clip__deleted_at=None).order_by()
    to_copy = dict(wanted.values_list("clip__account").annotate(Count("pk")))
    owners: dict[int, list[User]] = {}
    for token in ApiToken.objects.for_team(team).working().select_related("owner"):
        owners.setdefault(token.subscription_id, []).append(token.owner)
    found = [
        AccountImport(
            account=account,
            walk=walks.get(account.pk),
            own=user in owners.get(account.subscription_id, []),
            owners=[owner.short_name for owner in owners.get(account.subscription_id, [])],
            takes=counts.get(account.pk, 0),
            to_copy=to_copy.get(account.pk, 0),
        )
        for account in accounts
        if account.block != FlowAccount.Block.GONE or account.pk in walks
    ]
    return sorted(found, key=lambda line: (not line.own, line.account.email))


def _newest(team: Team) -> list[Import]:
    """The last walk of each account."""
    last = Import.objects.for_team(team).order_by().values("account").annotate(last=Max("started_at"))
    times = {(each["account"], each["last"]) for each in last}
    walks = Import.objects.for_team(team).filter(started_at__in=[at for _, at in times])
    return [walk for walk in walks if (walk.account_id, walk.started_at) in times]
