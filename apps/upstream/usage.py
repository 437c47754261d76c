"""What an account was charged (get-flowmusic-accounts-usage.md), read as tolerantly as the other records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from apps.upstream import fields
from apps.upstream.fields import ParseError

TOKENS_PER_CREDIT = 12
# Of the types that the page names, those that are paid for; grants, allowances and types yet unknown are not.
CHARGED = frozenset({"producer-usage", "riffusion"})


@dataclass(frozen=True, slots=True)
class Spent:
    """What one conversation at Flow Music, that is one song with its edits, has cost; `at` is None if not said."""

    conversation_id: str
    tokens: int
    at: datetime | None = None

    @property
    def credits(self) -> int:
        """Whole credits, a part of one counted as one."""
        return -(-self.tokens // TOKENS_PER_CREDIT)


@dataclass(frozen=True, slots=True)
class Usage:
    """`spent`: by conversation, the newest first, those without a time last. `charged_credits` is None if not said."""

    email: str
    charged_credits: int | None = None
    spent: tuple[Spent, ...] = ()

    @classmethod
    def parse(cls, data: object, *, email: str) -> Usage:
        """The events are what counts, for they carry times; without a usable one the summary says the same."""
        record = fields.mapping(data, "usage")
        summary = record.get("summary")
        summary = summary if isinstance(summary, Mapping) else {}
        if "events" not in record and not summary:
            raise ParseError("the usage has neither events nor a summary")
        return cls(
            email=fields.text(record.get("email")) or email,
            charged_credits=fields.whole(summary.get("total_charged_credits")),
            spent=_from_events(record.get("events")) or _from_summary(summary.get("per_conversation")),
        )


def _from_events(events: object) -> tuple[Spent, ...]:
    """A conversation has a row per day and type; rows of no conversation belong to no song."""
    tokens: dict[str, int] = {}
    times: dict[str, datetime] = {}
    for event in events if isinstance(events, list) else []:
        if not isinstance(event, Mapping) or fields.text(event.get("type")) not in CHARGED:
            continue
        name, amount = fields.text(event.get("conversation_id")), fields.whole(event.get("amount"))
        if name is None or amount is None:
            continue
        tokens[name] = tokens.get(name, 0) + amount
        at = fields.moment(event.get("max_created_at")) or fields.moment(event.get("event_at"))
        if at:
            times[name] = max(at, times.get(name, at))
    # A charge is a charge, whichever sign it is written with; one that was given back in full is none.
    found = [Spent(name, abs(amount), times.get(name)) for name, amount in tokens.items() if amount]
    return tuple(sorted(found, key=lambda each: each.at.timestamp() if each.at else 0.0, reverse=True))


def _from_summary(conversations: object) -> tuple[Spent, ...]:
    found: dict[str, Spent] = {}
    for each in conversations if isinstance(conversations, list) else []:
        if not isinstance(each, Mapping):
            continue
        name, amount = fields.text(each.get("conversation_id")), fields.whole(each.get("tokens"))
        if name and amount:
            found[name] = Spent(name, abs(amount))
    return tuple(found.values())
