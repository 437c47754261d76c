"""/flow-accounts/usage/ and /flow-accounts/<email>/usage/: what was spent on all accounts or one, in words, as a chart,
as a table and as a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps import transfers
from apps.accounts import account_lookup, usage_sync, visibility
from apps.accounts.models import ApiToken, FlowAccount, Team, User
from apps.accounts.models.subscriptions import pool
from apps.accounts.permissions import TeamRequest, team_view
from apps.generation.usage import (
    by_person,
    chart,
    csv_export,
    forecast,
    overview,
    spending,
    top_spenders,
)
from apps.prepared import prepared

MOST_SONGS = 12


@dataclass(frozen=True)
class Shown:
    """What the address asks for: the accounts, `account` if it is one, the range by its name, and of what each person
    is told (by_person.VIEWS). `own`: keys of accounts of which they may know what was made elsewhere."""

    all: list[FlowAccount]
    account: FlowAccount | None
    range: str
    view: str
    own: set[int]

    @property
    def accounts(self) -> list[FlowAccount]:
        return [self.account] if self.account else pool(self.all)

    @property
    def live(self) -> list[FlowAccount]:
        """Those that can be asked about: a token of the team works for them."""
        return [each for each in self.accounts if each.as_of is None]

    @property
    def days(self) -> int | None:
        return spending.RANGES[self.range][0]

    @property
    def here(self) -> str:
        """The page's own address without the range; `joint` belongs before more of a query."""
        return self._address("usage", self.account)

    @property
    def joint(self) -> str:
        return "&" if "?" in self.here else "?"

    @property
    def view_query(self) -> str:
        """What addresses of the same page in another range end with."""
        return "" if self.view == by_person.USUAL_VIEW else f"&by={self.view}"

    def view_address(self, view: str) -> str:
        return f"{self._in_range('usage')}&by={view}"

    @property
    def views(self) -> list[tuple[str, str, bool]]:
        """Address, words, and whether it is the one that is shown."""
        return [(self.view_address(key), words, key == self.view) for key, words in by_person.VIEWS.items()]

    @property
    def read_address(self) -> str:
        return self._in_range("usage-read")

    @property
    def csv_address(self) -> str:
        return self._in_range("usage-download")

    @property
    def jobs_csv_address(self) -> str:
        return self._in_range("usage-jobs-download")

    @property
    def choices(self) -> list[tuple[FlowAccount, str]]:
        """Every account and the address of its usage in the same range."""
        return [(each, self._in_range("usage", each) + self.view_query) for each in self.all]

    def _in_range(self, name: str, account: FlowAccount | None = None) -> str:
        link = self._address(name, account or self.account)
        return f"{link}{'&' if '?' in link else '?'}days={self.range}"

    def _address(self, name: str, account: FlowAccount | None) -> str:
        """`?on=` where the team has an e-mail twice."""
        if account is None:
            return reverse(name)
        twice = sum(each.email == account.email for each in self.all) > 1
        query = f"?on={account.subscription_id}" if twice else ""
        return reverse(f"flow-account-{name}", args=[account.email]) + query


@dataclass(frozen=True)
class Reading:
    """When what is shown was read, the oldest account's; who is being asked now, and who couldn't be.

    `is_stale`: the page has it read by itself, once it is open. What was removed can't be read any more.
    """

    read_at: datetime | None
    is_being_read: bool
    unread: list[FlowAccount]
    problems: list[FlowAccount]
    is_stale: bool


@require_safe
@team_view(needs="see")
def show(request: TeamRequest, email: str = "") -> HttpResponseBase:
    shown = _shown(request, email)
    today = timezone.now().date()
    found = spending.of(shown.accounts, request.team, days=shown.days, today=today)
    songs, further = top_spenders.by_song(
        shown.accounts, request.team, since=found.since, most=MOST_SONGS, own=shown.own
    )
    context = {
        "shown": shown,
        "spending": found,
        "chart": chart.draw(found.spans, today),
        "songs": songs,
        "further": further,
        "people": by_person.of(shown.accounts, request.team, since=found.since, view=shown.view),
        "forecast": forecast.of(shown.live, today),
        "reading": _reading(shown, request),
        "ranges": [(key, words) for key, (_, words) in spending.RANGES.items()],
        "range_words": "all time" if shown.days is None else f"last {shown.days} days",
    }
    return TemplateResponse(request, "generation/usage.html", context)


@require_POST
@team_view(needs="create")
def read(request: TeamRequest, email: str = "") -> HttpResponseBase:
    shown = _shown(request, email)
    usage_sync.want(shown.live, team=request.team, by=request.user)
    return redirect(f"{shown.here}{shown.joint}days={shown.range}")


@require_safe
@team_view(needs="see")
def download(request: TeamRequest, email: str = "") -> HttpResponseBase:
    shown = _shown(request, email)
    lines = csv_export.lines(shown.accounts, since=_since(shown), own=shown.own)
    return _csv(request, shown, lines, "flow-music-usage")


@require_safe
@team_view(needs="see")
def download_jobs(request: TeamRequest, email: str = "") -> HttpResponseBase:
    shown = _shown(request, email)
    lines = csv_export.job_lines(shown.accounts, request.team, since=_since(shown))
    return _csv(request, shown, lines, "requested-and-paid")


def _since(shown: Shown) -> date | None:
    return spending.first_day(shown.days, timezone.now().date())


def _csv(request: TeamRequest, shown: Shown, lines: Iterator[bytes], name: str) -> HttpResponseBase:
    try:
        response = transfers.whole(request, b"".join(lines), content_type="text/csv; charset=utf-8")
    except transfers.TooManyTransfers as busy:
        messages.error(request, transfers.message_for(busy, "download"))
        return redirect(shown.here)
    response["Content-Disposition"] = f'attachment; filename="{name}-{timezone.now():%Y-%m-%d}.csv"'
    response["Cache-Control"] = "private, no-store"
    return response


def _shown(request: TeamRequest, email: str) -> Shown:
    on = request.GET.get("on", "")
    asked = request.GET.get("days", "")
    view = request.GET.get("by", "")
    ended = visibility.ended(request.team)
    accounts = [*_own_first(request.team, request.user), *ended]
    return Shown(
        all=accounts,
        account=account_lookup.find(email, team=request.team, user=request.user, on=on) if email else None,
        range=asked if asked in spending.RANGES else spending.USUAL_RANGE,
        view=view if view in by_person.VIEWS else by_person.USUAL_VIEW,
        own=top_spenders.own_accounts(accounts, request.team, subscriptions=_own(request, ended)),
    )


def _own(request: TeamRequest, ended: list[FlowAccount]) -> set[int]:
    """Subscriptions of which the person may know what was made elsewhere: their own token works, or did until then."""
    working = set(overview.own_subscriptions(request.team, request.user))
    if not ended:
        return working
    tokens = ApiToken.objects.for_team(request.team).owned_by(request.user)
    return working | {each.subscription_id for each in ended} & set(
        tokens.values_list("subscription", flat=True)
    )


@prepared
def _own_first(team: Team, user: User) -> QuerySet[FlowAccount]:
    return account_lookup.own_first(FlowAccount.objects.for_team(team), team=team, user=user)


def _reading(shown: Shown, request: TeamRequest) -> Reading:
    now = timezone.now()
    here = [each for each in shown.accounts if not each.is_gone] or shown.accounts
    return Reading(
        is_stale=request.membership.rights.may_create and _is_stale(here, request.team, now),
        read_at=min((each.usage_read_at for each in here if each.usage_read_at), default=None),
        is_being_read=any(usage_sync.is_being_read(each, now) for each in here),
        unread=[each for each in here if each.usage_read_at is None],
        problems=[each for each in here if each.usage_problem],
    )


def _is_stale(accounts: list[FlowAccount], team: Team, now: datetime) -> bool:
    """One of those that a working token of the team can be asked about."""
    ended = spending.last_ends(accounts, team)
    working = set(_working(team))
    here = [each for each in accounts if each.subscription_id in working]
    return any(usage_sync.is_stale(each, now, ended_at=ended.get(each.pk)) for each in here)


@prepared
def _working(team: Team) -> QuerySet[ApiToken, int]:
    return ApiToken.objects.for_team(team).working().values_list("subscription", flat=True)
