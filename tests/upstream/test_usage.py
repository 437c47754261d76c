"""GET /accounts/usage: what songs have cost, however oddly it is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from apps.upstream.flowmusic import FlowMusic
from apps.upstream.parsing import ParseError
from apps.upstream.usage import AccountUsage, UsageEvent
from tests.upstream import scripted
from tests.upstream.scripted import ScriptedServer


def event(
    conversation: object, amount: object, day: int = 1, kind: object = "producer-usage"
) -> dict[str, object]:
    """A row of `events`, as the page shows one."""
    return {
        "type": kind,
        "amount": amount,
        "conversation_id": conversation,
        "event_at": f"2026-06-{day:02}T00:00:00",
        "max_created_at": f"2026-06-{day:02}T18:42:55.123456Z",
    }


def read(*events: object, **more: object) -> list[tuple[str, int]]:
    usage = AccountUsage.parse({"events": list(events)} | more, email="a@b.c")
    return [(each.conversation_id, each.credits) for each in usage.spent]


def test_a_song_is_all_that_its_conversation_was_charged_the_newest_first() -> None:
    assert read(event("a", 60), event("b", 60, 3), event("a", 12, 2, "riffusion")) == [("b", 5), ("a", 6)]


def test_what_was_given_what_belongs_to_no_song_and_what_is_unknown_cost_nothing() -> None:
    odd = [event("a", 1440, kind=kind) for kind in ("grant", "daily-free", "moon-tax", None, ["x"])]
    assert read(*odd, event(None, 60), event("b", None), event("c", True), event("d", "60"), "odd", None) == [
        ("d", 5)
    ]


def test_a_part_of_a_credit_is_a_credit_and_what_was_given_back_is_none() -> None:
    assert read(event("a", 61), event("b", 60), event("b", -60), event("c", -60, 2)) == [("c", 5), ("a", 6)]


def test_without_usable_events_the_summary_says_it() -> None:
    rows = [{"conversation_id": "a", "tokens": 60}, {"conversation_id": None, "tokens": 60}, {"tokens": 0}, 7]
    assert read(summary={"per_conversation": rows, "total_charged_credits": None}) == [("a", 5)]
    assert read(event("b", 72), summary={"per_conversation": rows}) == [("b", 6)]
    assert read(summary=None) == []


def test_rows_are_of_utc_days_with_everything_that_they_say() -> None:
    row = event("a", 60) | {"conversation_title": "Sample Song", "_account_email": "a@b.c"}
    late = {
        "type": "grant",
        "amount": "7200",
        "event_at": None,
        "max_created_at": "2026-06-02T01:30:00+02:00",
    }
    events = AccountUsage.parse(
        {"events": [row, late, {"type": "grant"}, {"amount": 5}, 7]}, email="a@b.c"
    ).events
    assert events == (
        UsageEvent(
            *("producer-usage", 60, "a", "Sample Song", date(2026, 6, 1)),
            datetime(2026, 6, 1, 18, 42, 55, 123456, tzinfo=UTC),
        ),
        UsageEvent("grant", 7200, None, None, date(2026, 6, 1), datetime(2026, 6, 1, 23, 30, tzinfo=UTC)),
    )
    assert [each.charged for each in events] == [True, False]


def test_totals_and_sums_by_type() -> None:
    summary = {
        "by_type_tokens": {"daily-free": 1440, "odd": None, "riffusion": "60"},
        "by_type_credits": {"riffusion": 5, "producer-usage": 5.25, "odd": "x"},
        "total_charged_credits": 105,
        "total_received_tokens": 8640,
        "per_conversation": [{"conversation_id": "a", "title": "Sample Song", "tokens": 60, "credits": 5}],
    }
    usage = AccountUsage.parse({"summary": summary}, email="a@b.c")
    assert (usage.charged_credits, usage.received_tokens) == (105, 8640)
    assert (usage.by_type_tokens, usage.by_type_credits) == (
        {"daily-free": 1440, "riffusion": 60},
        {"riffusion": 5, "producer-usage": 5.25},
    )
    assert [(each.conversation_id, each.title) for each in usage.spent] == [("a", "Sample Song")]
    assert (
        AccountUsage.parse({"events": [], "summary": {"by_type_tokens": [1]}}, email="a@b.c").by_type_tokens
        == {}
    )


@pytest.mark.parametrize("answer", [[], "x", {}, {"summary": None}, {"error": "odd"}])
def test_another_answer_is_told_from_no_usage(answer: object) -> None:
    with pytest.raises(ParseError):
        AccountUsage.parse(answer, email="a@b.c")


def test_the_address_is_sent_so_that_its_plus_stays_one(
    serve: Callable[..., ScriptedServer], client: Callable[[ScriptedServer], FlowMusic]
) -> None:
    server = serve(
        scripted.reply(200, {"email": None, "events": [], "summary": {"total_charged_credits": 7}})
    )
    usage = client(server).usage("night+bus@b.c")
    assert (usage.email, usage.charged_credits, usage.spent) == ("night+bus@b.c", 7, ())
    assert b"GET /v1/flowmusic/accounts/usage?email=night%2Bbus%40b.c " in server.requests[0]
