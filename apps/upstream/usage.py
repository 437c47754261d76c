"""What an account was charged (get-flowmusic-accounts-usage.md), read as tolerantly as the other records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from apps.upstream import parsing
from apps.upstream.parsing import ParseError

TOKENS_PER_CREDIT = 12
MOST = parsing.MOST_TOKENS
# Of the types that the page names, those that are paid for; grants, allowances and types yet unknown are not.
CHARGED = frozenset({"producer-usage", "riffusion"})


@dataclass(frozen=True, slots=True)
class UsageCharge:
    """What one conversation at Flow Music, that is one song with its edits, has cost; `at` is None if not said."""

    conversation_id: str
    tokens: int
    at: datetime | None = None
    title: str | None = None

    @property
    def credits(self) -> int:
        """Whole credits, a part of one counted as one."""
        return -(-self.tokens // TOKENS_PER_CREDIT)


@dataclass(frozen=True, slots=True)
class UsageEvent:
    """One row: what one conversation, or none, had of one type on one UTC day. `tokens` has the sign it came with.

    `latest_at`: when the last of it happened.
    """

    type: str
    tokens: int
    conversation_id: str | None = None
    title: str | None = None
    day: date | None = None
    latest_at: datetime | None = None

    @property
    def charged(self) -> bool:
        return self.type in CHARGED

    @classmethod
    def parse(cls, data: object) -> UsageEvent:
        """A row without a type or an amount is none."""
        record = parsing.mapping(data, "event")
        kind, tokens = parsing.text(record.get("type")), parsing.count(record.get("amount"), MOST, -MOST)
        if kind is None or tokens is None:
            raise ParseError("the event has no type or no amount")
        begun, latest = parsing.moment(record.get("event_at")), parsing.moment(record.get("max_created_at"))
        at = begun or latest
        return cls(
            type=kind,
            tokens=tokens,
            conversation_id=parsing.text(record.get("conversation_id")),
            title=parsing.text(record.get("conversation_title")),
            day=at.date() if at else None,
            latest_at=latest or begun,
        )


@dataclass(frozen=True, slots=True)
class AccountUsage:
    """What one account was charged and given.

    `spent`: by conversation, the newest first, those without a time last. Totals are None if not said; charges are
    in credits, what was received in tokens, as the page has it. `by_type_…` are the page's own sums.
    """

    email: str
    charged_credits: int | None = None
    spent: tuple[UsageCharge, ...] = ()
    received_tokens: int | None = None
    events: tuple[UsageEvent, ...] = ()
    by_type_credits: Mapping[str, float] = field(default_factory=dict)
    by_type_tokens: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def parse(cls, data: object, *, email: str) -> AccountUsage:
        """The events are what counts, for they carry times; without a usable one the summary says the same."""
        record = parsing.mapping(data, "usage")
        summary = record.get("summary")
        summary = summary if isinstance(summary, Mapping) else {}
        if "events" not in record and not summary:
            raise ParseError("the usage has neither events nor a summary")
        events = parsing.each(record.get("events"), UsageEvent.parse)
        tokens = _by_type(summary.get("by_type_tokens"))
        return cls(
            email=parsing.text(record.get("email")) or email,
            charged_credits=parsing.count(summary.get("total_charged_credits"), MOST, -MOST),
            spent=_from_events(events) or _from_summary(summary.get("per_conversation")),
            received_tokens=parsing.count(summary.get("total_received_tokens"), MOST, -MOST),
            events=events,
            by_type_credits=_by_type(summary.get("by_type_credits")),
            by_type_tokens={name: int(each) for name, each in tokens.items()},
        )


def _by_type(sums: object) -> dict[str, float]:
    """One odd sum does not hide the others."""
    found = {name: parsing.amount(each) for name, each in sums.items()} if isinstance(sums, Mapping) else {}
    return {parsing.storable(str(name)): each for name, each in found.items() if each is not None}


def _from_events(events: tuple[UsageEvent, ...]) -> tuple[UsageCharge, ...]:
    """A conversation has a row per day and type; rows of no conversation belong to no song."""
    rows: dict[str, list[UsageEvent]] = {}
    for event in events:
        if event.charged and event.conversation_id:
            rows.setdefault(event.conversation_id, []).append(event)
    found = []
    for name, of_song in rows.items():
        amount = sum(row.tokens for row in of_song)
        # A charge is a charge, whichever sign it is written with; one that was given back in full is none.
        if amount:
            at = max((row.latest_at for row in of_song if row.latest_at), default=None)
            title = next((row.title for row in of_song if row.title), None)
            found.append(UsageCharge(name, abs(amount), at, title))
    return tuple(sorted(found, key=lambda each: each.at.timestamp() if each.at else 0.0, reverse=True))


def _from_summary(conversations: object) -> tuple[UsageCharge, ...]:
    found: dict[str, UsageCharge] = {}
    for each in conversations if isinstance(conversations, list) else []:
        if not isinstance(each, Mapping):
            continue
        name, amount = (
            parsing.text(each.get("conversation_id")),
            parsing.count(each.get("tokens"), MOST, -MOST),
        )
        if name and amount:
            found[name] = UsageCharge(name, abs(amount), title=parsing.text(each.get("title")))
    return tuple(found.values())
