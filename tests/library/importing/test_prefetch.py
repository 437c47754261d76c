"""Reading an account's list ahead of the writing."""

import threading
import time
from collections.abc import Callable

import pytest

from apps.accounts import api_clients
from apps.library.importing.prefetch import AHEAD, TOGETHER, Reader
from apps.sandbox.server import Sandbox
from apps.upstream.errors import TokenRefused
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.records import ClipPage
from tests.library.conftest import Band
from tests.library.importing.test_runner import EMAIL, seed
from tests.sandbox_control import order

pytestmark = pytest.mark.django_db(transaction=True)

Read = Callable[..., Reader]


@pytest.fixture
def read(studio: Band) -> Read:
    client = api_clients.of_token(studio.owner.tokens.get())
    return lambda seconds=60.0: Reader(client, EMAIL, offset=0, until=time.monotonic() + seconds)


def asked(sandbox: Sandbox) -> int:
    return sandbox.world.state.requests(path="/music").get("GET /music", 0)


def asked_until_it_rests(sandbox: Sandbox) -> int:
    before, now = -1, asked(sandbox)
    while now != before or now == 0:
        time.sleep(0.4)
        before, now = now, asked(sandbox)
    return now


@pytest.mark.long
def test_it_reads_so_far_ahead_and_no_further(read: Read, sandbox: Sandbox) -> None:
    seed(sandbox, 1200)
    with read() as reader:
        assert asked_until_it_rests(sandbox) == AHEAD
        stretches = iter(reader)
        assert next(stretches).pages == TOGETHER, "what is there is handed out together"
        assert asked_until_it_rests(sandbox) == AHEAD + TOGETHER
        names = [clip.title for stretch in stretches for clip in stretch.clips]
    assert names[-1] == "Seeded 1"
    assert asked(sandbox) == 13, "a page overlaps the one before by three clips"


def test_a_page_that_does_not_go_on_is_a_stretch_of_its_own(
    read: Read, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred songs are made behind the first page: the second begins above its end."""
    seed(sandbox, 250)
    asks = FlowMusic.music_list

    def and_then_many_are_made(client: FlowMusic, email: str, **place: int) -> ClipPage:
        page = asks(client, email, **place)
        if place["offset"] == 0:
            seed(sandbox, 200)
        return page

    monkeypatch.setattr(FlowMusic, "music_list", and_then_many_are_made)
    with read() as reader:
        asked_until_it_rests(sandbox)
        first, second = [(stretch.pages, stretch.clips[0].title) for stretch in reader]
    assert first == (1, "Seeded 250")
    assert second == (4, "Seeded 353")


def test_where_the_remote_side_is_slow_each_page_is_handed_out_as_it_comes(
    read: Read, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(sandbox, 250)
    asks, goes_on = FlowMusic.music_list, threading.Event()

    def slowly(client: FlowMusic, email: str, **place: int) -> ClipPage:
        assert place["offset"] == 0 or goes_on.wait(30)
        return asks(client, email, **place)

    monkeypatch.setattr(FlowMusic, "music_list", slowly)
    with read() as reader:
        stretches = iter(reader)
        assert next(stretches).pages == 1
        goes_on.set()
        assert sum(stretch.pages for stretch in stretches) == 2


def test_nothing_is_asked_for_when_the_time_is_over(read: Read, sandbox: Sandbox) -> None:
    seed(sandbox, 250)
    with read(seconds=0) as reader:
        (only,) = reader
    assert (only.pages, only.following, asked(sandbox)) == (1, 97, 1)


def test_what_came_is_handed_out_before_the_failure_is_told(
    read: Read, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(sandbox, 250)
    asks = FlowMusic.music_list

    def and_then_refuses(client: FlowMusic, email: str, **place: int) -> ClipPage:
        if place["offset"] > 100:
            order(sandbox.url, "scenario", operation="clips", scenario="401", times=9)
        return asks(client, email, **place)

    monkeypatch.setattr(FlowMusic, "music_list", and_then_refuses)
    with read() as reader:
        asked_until_it_rests(sandbox)
        stretches = iter(reader)
        assert next(stretches).pages == 2
        with pytest.raises(TokenRefused):
            next(stretches)
