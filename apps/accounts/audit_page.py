"""Reads the audit trail of a team: filters, pages by keyset, and lines of CSV."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone

from apps.accounts import browsers, spreadsheet
from apps.accounts.models import AuditEntry, Team, User
from apps.accounts.models.teams import AuditQuerySet

PER_PAGE = 30
MOST_LINES = 50_000  # of a file
NOBODY = "nobody"  # `who`: not signed in, or not a person


def _begins(*words: str) -> Q:
    return Q(*(("action__startswith", each) for each in words), _connector=Q.OR)


def _ends(*words: str) -> Q:
    return Q(*(("action__endswith", each) for each in words), _connector=Q.OR)


# `what`: its words, and the actions that it means.
KINDS: dict[str, tuple[str, Q]] = {
    "sign-ins": ("Sign-ins", _begins("signed", "sign-in", "session", "password refused")),
    "failures": ("Failed sign-ins", _begins("sign-in failed", "password refused", "code refused")),
    "passwords": (
        "Passwords and addresses",
        _begins("password", "first password", "address", "name ") & ~Q(action="password refused"),
    ),
    "two-step": (
        "Two-step sign-in",
        _begins("authenticator", "passkey", "recovery code", "two-step", "code "),
    ),
    "members": ("Members and roles", _begins("member", "role", "invitation", "owner", "team", "person")),
    "tokens": ("Tokens and accounts", _begins("token", "lending", "account")),
    "deletions": ("Deletions", _ends("deleted", "erased", "restored")),
    "jobs": ("Cancelled and lost jobs", _begins("job", "sending")),
    "downloads": ("Downloads and share links", _ends("downloaded") | _begins("share link")),
}

HEAD = ("time (UTC)", "who", "address of who", "what", "about", "network address", "browser")


@dataclass(frozen=True)
class AuditFilters:
    """`q`, `who`, `what`, `since` as they were typed; what can't be read means no filter."""

    q: str
    who: str
    what: str
    since: date | None

    @classmethod
    def parse(cls, query: QueryDict) -> "AuditFilters":
        who, what = query.get("who", ""), query.get("what", "")
        return cls(
            q=query.get("q", "").replace("\x00", "").strip()[:200],
            who=who if who == NOBODY or (who.isascii() and who.isdecimal() and len(who) < 19) else "",
            what=what if what in KINDS else "",
            since=_day(query.get("since", "")),
        )

    @property
    def address(self) -> str:
        """As a query that begins with `?` and ends so that more can follow."""
        values = {"q": self.q, "who": self.who, "what": self.what, "since": self.since or ""}
        query = urlencode({name: value for name, value in values.items() if value})
        return f"?{query}&" if query else "?"

    @property
    def any(self) -> bool:
        return self.address != "?"

    @property
    def condition(self) -> Q:
        found = KINDS[self.what][1] if self.what else Q()
        if self.who:
            found &= Q(by=None) if self.who == NOBODY else Q(by=int(self.who))
        if self.since:
            found &= Q(at__gte=timezone.make_aware(datetime.combine(self.since, time.min)))
        return found & _containing(self.q) if self.q else found


def _containing(text: str) -> Q:
    columns = ("subject", "action", "by__name", "by__email", "address", "browser")
    return Q(*((f"{column}__icontains", text) for column in columns), _connector=Q.OR)


def _day(text: str) -> date | None:
    """None for a day that no calendar has, and for one that is in no year of every zone."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 <= day.year <= 9000 else None


@dataclass(frozen=True)
class AuditPage:
    """One page of what fits, newest first, after the line `before`."""

    team: Team
    filters: AuditFilters
    before: str

    @cached_property
    def lines(self) -> list[AuditEntry]:
        return self._found[:PER_PAGE]

    @property
    def older(self) -> str:
        """Where the next page begins; "" for the last one."""
        return str(self.lines[-1].pk) if len(self._found) > PER_PAGE else ""

    @property
    def people(self) -> list[tuple[str, str, bool]]:
        """The members as choices: value, words, whether it is chosen."""
        members = User.objects.filter(memberships__team=self.team).order_by("name", "email")
        choices = [(str(each.pk), str(each)) for each in members] + [(NOBODY, "Nobody signed in, flowweb")]
        return [(value, words, value == self.filters.who) for value, words in choices]

    @property
    def kinds(self) -> list[tuple[str, str, bool]]:
        return [(name, words, name == self.filters.what) for name, (words, _) in KINDS.items()]

    @cached_property
    def _found(self) -> list[AuditEntry]:
        rows = fitting(self.team, self.filters)
        if self.before.isascii() and self.before.isdecimal() and len(self.before) < 19:
            rows = rows.filter(pk__lt=int(self.before))
        return list(rows[: PER_PAGE + 1])


def fitting(team: Team, filters: AuditFilters) -> AuditQuerySet:
    rows: AuditQuerySet = AuditEntry.objects.filter(filters.condition, team=team).select_related("by")
    return rows.order_by("-pk")


def csv_lines(team: Team, filters: AuditFilters) -> Iterator[bytes]:
    """The newest MOST_LINES, row by row, so that a long one is not held whole."""
    yield spreadsheet.BYTE_ORDER_MARK + spreadsheet.line(HEAD)
    for entry in fitting(team, filters)[:MOST_LINES].iterator(chunk_size=500):
        yield spreadsheet.line(_cells(entry))


def _cells(entry: AuditEntry) -> tuple[Any, ...]:
    return (
        entry.at.astimezone(UTC).isoformat(sep=" ", timespec="seconds").removesuffix("+00:00"),
        str(entry.by or ""),
        entry.by.email if entry.by else "",
        entry.action,
        entry.shown_subject,
        entry.address or "",
        browsers.short(entry.browser),
    )
