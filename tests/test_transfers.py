"""Long downloads and uploads: one for each person, the longest waiting first, none too slow; and no way around."""

import ast
import socket
import time
from collections.abc import Hashable, Iterator
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from apps import transfers
from apps.accounts.models import User
from apps.transfers import Cut, TooManyTransfers, Transfers

ROOT = Path(__file__).resolve().parents[1]


def before(several: Transfers, who: Hashable) -> int | str | None:
    """How many are let in before; "in" for who would be let in now."""
    try:
        several.ask(who)
    except TooManyTransfers as busy:
        return busy.before
    return "in"


@pytest.fixture
def connection() -> Iterator[tuple[socket.socket, socket.socket]]:
    here, there = socket.socketpair()
    with here, there:
        yield here, there


def test_what_came_whole_is_over_before_its_answer_is_out_and_what_did_not_is_read_past_first(
    rf: RequestFactory,
) -> None:
    for read, while_open in ((4, "in"), (3, None)):
        request = rf.post("/", b"song", content_type="audio/mpeg")
        request.user = User(pk=7)
        transfer = transfers.receive(request, 4)
        request.read(read)
        answer = transfers.until_closed(HttpResponse(), transfer)
        assert before(transfers.UPLOADS, 7) == while_open
        for close in answer._resource_closers:
            close()
        assert before(transfers.UPLOADS, 7) == "in"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfers, "MEASURED_OVER_S", 0.3)
    monkeypatch.setattr(transfers, "LOOKED_AT_EVERY_S", 0.05)


def test_one_for_each_person_and_some_in_all() -> None:
    several = Transfers(lambda: 2)
    first = several.begin("ann", 1)
    assert before(several, "ann") is None
    several.begin("bob", 1)
    assert before(several, "cid") == 0
    several.end(first)
    assert before(several, "cid") == "in"
    assert before(several, "ann") == 1, "one more may begin, and cid waits longer"


def test_a_free_place_goes_to_who_waits_longest_as_long_as_they_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    several = Transfers(lambda: 1)
    running = several.begin("ann", 1)
    assert [before(several, who) for who in ("bob", "cid", "dan", "bob", "cid")] == [0, 1, 2, 0, 1]
    several.end(running)
    assert before(several, "dan") == 2
    with pytest.raises(TooManyTransfers):
        several.begin("dan", 1)
    running = several.begin("bob", 1)
    several.end(running)
    now = time.monotonic() + transfers.ASKED_AGAIN_S + 1
    monkeypatch.setattr("apps.transfers.time.monotonic", lambda: now)
    assert before(several, "dan") == "in", "nobody waits for those who have left"


def test_a_queue_of_the_same_person_lets_others_pass() -> None:
    several = Transfers(lambda: 2)
    several.begin("ann", 1)
    assert [before(several, "ann"), before(several, "bob")] == [None, "in"]


@pytest.mark.usefixtures("impatient")
def test_who_reads_nothing_is_cut_while_the_thread_waits(
    connection: tuple[socket.socket, socket.socket],
) -> None:
    several = Transfers(lambda: 1)
    transfer = several.begin("ann", 10**9, connection[0])
    transfer.wait()
    with pytest.raises(BrokenPipeError):
        connection[0].sendall(bytes(50_000_000))
    with pytest.raises(Cut):
        transfer.moved(50_000_000)
    several.end(transfer)
    assert several.begin("bob", 1)


@pytest.mark.usefixtures("impatient")
def test_who_sends_drop_by_drop_is_cut(connection: tuple[socket.socket, socket.socket]) -> None:
    several = Transfers(lambda: 1)
    transfer = several.begin("ann", 10**9, connection[0])
    transfer.wait()
    connection[1].sendall(b"x" * 10)
    connection[0].recv(10, socket.MSG_WAITALL)
    assert connection[0].recv(10, socket.MSG_WAITALL) == b""
    assert transfer.is_cut


@pytest.mark.usefixtures("impatient")
def test_time_in_which_we_work_ourselves_does_not_count() -> None:
    several = Transfers(lambda: 1)
    transfer = several.begin("ann", 10**9)
    transfer.wait()
    transfer.moved(10)
    time.sleep(0.6)
    transfer.wait()
    transfer.moved(10)
    assert not transfer.is_cut


def test_more_is_asked_of_the_slow_while_others_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    transfer = Transfers(lambda: 1).begin("ann", 10**9)
    now = time.monotonic() + transfers.MEASURED_OVER_S + 1
    transfer.wait()
    transfer._moved = int(transfers.MEASURED_OVER_S * 40_000)
    assert transfer.is_too_slow(now, transfers.SLOWEST_WHILE_OTHERS_WAIT)
    assert not transfer.is_too_slow(now, transfers.SLOWEST)


def test_none_lasts_for_ever() -> None:
    for length, longest in ((0, 600), (40 * 2**20, 920), (10**12, 7200)):
        transfer = Transfers(lambda: 1).begin("ann", length)
        transfer.wait()
        transfer._moved = 10**12
        assert not transfer.is_too_slow(transfer.started + longest - 1, 1)
        transfer._mark = (0, 0.0)
        assert transfer.is_too_slow(transfer.started + longest + 1, 1)


@pytest.mark.parametrize(
    ("threads", "most"), [(2, (1, 1)), (3, (1, 1)), (4, (2, 1)), (8, (3, 3)), (16, (6, 6))]
)
def test_threads_are_left_for_everything_else(
    settings: Settings, threads: int, most: tuple[int, int]
) -> None:
    settings.WEB_THREADS = threads
    assert (transfers.DOWNLOADS.most, transfers.UPLOADS.most) == most
    assert sum(most) < threads or threads == 2


def test_every_stream_goes_through_the_door() -> None:
    """Another one would hold a thread for as long as somebody likes."""
    around = {"StreamingHttpResponse", "FileResponse", "upload_handlers"}
    found = {
        str(path.relative_to(ROOT))
        for folder in ("apps", "flowweb")
        for path in (ROOT / folder).rglob("*.py")
        if "sandbox" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if {getattr(node, "id", ""), getattr(node, "attr", ""), getattr(node, "name", "")} & around
    }
    assert found == {"apps/transfers.py", "apps/generation/references/upload_stream.py"}
    receiving = (ROOT / "apps/generation/references/upload_stream.py").read_text()
    assert receiving.index("transfers.receive(") < receiving.index("request.upload_handlers =")
