"""GET /accounts/usage: what songs have cost, however oddly it is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from apps.upstream.fields import ParseError
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.usage import Usage
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
    usage = Usage.parse({"events": list(events)} | more, email="a@b.c")
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


@pytest.mark.parametrize("answer", [[], "x", {}, {"summary": None}, {"error": "odd"}])
def test_another_answer_is_told_from_no_usage(answer: object) -> None:
    with pytest.raises(ParseError):
        Usage.parse(answer, email="a@b.c")


def test_the_address_is_sent_so_that_its_plus_stays_one(
    serve: Callable[..., ScriptedServer], client: Callable[[ScriptedServer], FlowMusic]
) -> None:
    server = serve(
        scripted.reply(200, {"email": None, "events": [], "summary": {"total_charged_credits": 7}})
    )
    usage = client(server).usage("night+bus@b.c")
    assert (usage.email, usage.charged_credits, usage.spent) == ("night+bus@b.c", 7, ())
    assert b"GET /v1/flowmusic/accounts/usage?email=night%2Bbus%40b.c " in server.requests[0]
