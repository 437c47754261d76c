"""The one door for remote values: what comes out of it fits its column and can be shown."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from apps.upstream import errors, parsing, records
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.token import RefreshToken
from tests.upstream import scripted
from tests.upstream.scripted import ScriptedServer

EMAIL = "studio@nightbus.example"
HUGE, DEEP = 10**400, "[" * 50_000 + "]" * 50_000
Serve, Client = Callable[..., ScriptedServer], Callable[[ScriptedServer], FlowMusic]


@pytest.mark.parametrize(
    "value",
    [
        "main",
        "[hidden]",
        "",
        " ",
        "a b@c",
        "a@b@c",
        "a@b/c",
        "a\0@b",
        "\ud800@b",
        "x" * 250 + "@b.cd",
        7,
        None,
        [],
    ],
)
def test_what_is_no_address_names_no_account(value: object) -> None:
    with pytest.raises(parsing.ParseError):
        parsing.address(value)
    with pytest.raises(parsing.ParseError):
        records.AccountRecord.parse({"email": value}, email=None)


@pytest.mark.parametrize(
    ("said", "kept"), [(10**9, 100), (HUGE, 100), (-5, None), (0, None), ("x", None), (4, 4)]
)
def test_slots_are_as_many_as_an_account_can_have(said: object, kept: int | None) -> None:
    assert records.AccountRecord.parse({"email": EMAIL, "maxJobs": said}).max_jobs == kept
    assert records.AccountSlots.parse({"maxJobs": said}, email=EMAIL).max_jobs == kept


@pytest.mark.parametrize("said", [10**12, HUGE, math.inf, "9" * 18])
def test_running_jobs_fit_their_column(said: object) -> None:
    slots = records.AccountSlots.parse({"running": said, "jobs": [{"jobid": "job:1"}] * 10**5}, email=EMAIL)
    assert (slots.running, len(slots.jobs)) == (parsing.MOST_SMALL, records.MOST_RUNNING)


def test_decoded_json_is_fit_to_be_kept() -> None:
    odd = {"a\0": math.nan, "b": [math.inf, "\ud800", HUGE, -HUGE], "c": True, "d": [0] * 10**5, "e": None}
    nest: list[object] = []
    for _ in range(500):
        nest = [nest]
    assert parsing.tidy(odd | {"f": nest}) == {
        "a": None,
        "b": [None, "?", parsing.MOST_BIG, -parsing.MOST_BIG],
        "c": True,
        "d": [0] * parsing.MOST_ITEMS,
        "e": None,
        "f": _nested(parsing.DEEPEST - 1),
    }


def _nested(depth: int) -> list[object]:
    found: list[object] = [None]
    for _ in range(depth - 1):
        found = [found]
    return found


@pytest.mark.parametrize("said", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "1969-07-20", "x", 7])
def test_a_time_that_nothing_has_is_none(said: object) -> None:
    assert parsing.moment(said) is None
    assert parsing.moment("2026-11-29T21:00:00+02:00") == datetime(2026, 11, 29, 19, tzinfo=UTC)


def test_one_odd_name_hides_no_account_and_alone_it_is_an_empty_list(serve: Serve, client: Client) -> None:
    both, alone = {"main": {"maxJobs": 4}, EMAIL: {"maxJobs": 4}}, {"main": {"maxJobs": 4}}
    flow = client(serve(*(scripted.reply(200, each) for each in (both, alone, both, alone))))
    assert (set(flow.accounts()), set(flow.accounts())) == ({EMAIL}, set())
    assert (set(flow.jobs()), set(flow.jobs())) == ({EMAIL}, set())


def test_an_error_in_place_of_a_list_is_no_empty_list(serve: Serve, client: Client) -> None:
    flow = client(serve(scripted.reply(200, {"error": {"code": "x", "message": "y"}})))
    with pytest.raises(errors.Unavailable):
        flow.jobs()


def test_an_account_whose_name_was_a_secret_is_looked_for_in_the_list(serve: Serve, client: Client) -> None:
    """Redaction has made `[hidden]` of an e-mail that stood inside the refresh token."""
    flow = client(serve(scripted.reply(201, {"email": EMAIL, "maxJobs": 4})))
    with pytest.raises(errors.OutcomeUnknown) as caught:
        flow.add_account(RefreshToken(EMAIL))
    assert "Check the list" in caught.value.user_message


def test_nesting_that_no_parser_follows_is_unreadable(serve: Serve, client: Client) -> None:
    flow = client(serve(scripted.reply(200, DEEP.encode(), headers={"Content-Type": "application/json"})))
    with pytest.raises(errors.Unavailable):
        flow.jobs()


@pytest.mark.parametrize(
    ("headers", "body", "kept"),
    [
        ({"Retry-After": "86400"}, {}, 900),
        ({"Retry-After": "9" * 40}, {}, 900),
        ({"Retry-After": "Fri, 31 Dec 2999 23:59:59 GMT"}, {}, 900),
        ({"Retry-After": "-5"}, {}, None),
        ({"Retry-After": "soon"}, {}, None),
        ({}, {"retryAfter": "2099-01-01T00:00:00Z"}, 900),
        ({"Retry-After": "17"}, {}, 17),
    ],
)
def test_nobody_waits_longer_than_a_quarter_of_an_hour(
    headers: dict[str, str],
    body: dict[str, str],
    kept: float | None,
    serve: Serve,
    client: Client,
) -> None:
    flow = client(serve(scripted.reply(429, {"error": "slow down", **body}, headers=headers)))
    with pytest.raises(errors.Busy) as caught:
        flow.set_max_jobs(EMAIL, 3)
    assert caught.value.retry_after == kept


def test_evidence_of_odd_headers_and_codes_fits_into_a_database(serve: Serve, client: Client) -> None:
    body = {"error": "no", "code": "c" * 500}
    flow = client(serve(scripted.reply(400, body, headers={"CF-Ray": "a\0b", "Server": "\x85ÿ"})))
    with pytest.raises(errors.Rejected) as caught:
        flow.set_max_jobs(EMAIL, 3)
    assert len(str(caught.value.code)) <= 60
    assert "\0" not in str(caught.value.evidence["headers"])


EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
PROCESSING = b"HTTP/1.1 102 Processing\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.mark.parametrize("before", [EARLY_HINTS, PROCESSING, CONTINUE, CONTINUE + EARLY_HINTS + PROCESSING])
def test_what_comes_before_an_answer_is_read_over(before: bytes, serve: Serve, client: Client) -> None:
    final = scripted.head(201, {"Content-Type": "application/json", "Content-Length": "51"})
    body = b'{"email": "studio@nightbus.example", "maxJobs":  4}'
    found = client(serve(scripted.raw(before + final + body))).add_account(RefreshToken("bdykxtrr5eaf"))
    assert (found.email, found.max_jobs) == (EMAIL, 4)


def test_an_answer_that_never_comes_to_its_point_is_none(serve: Serve, client: Client) -> None:
    server = serve(scripted.raw(EARLY_HINTS * 100))
    with pytest.raises(errors.OutcomeUnknown):
        client(server).add_account(RefreshToken("bdykxtrr5eaf"))
    assert len(server.requests) == 1
