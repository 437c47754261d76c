"""The files of imported takes: many lanes, teams in turn, and what was just made before all of it."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import connections
from django.utils import timezone
from redis import Redis

from apps.accounts.models import Team
from apps.library.archiving import backfill
from apps.library.archiving.places import Places
from apps.library.archiving.round_robin import RoundRobin
from apps.library.models import Clip, ClipFile, Song
from tests.library.conftest import Band, answering, wanted
from tests.library.sounds import picture, sound
from tests.upstream.scripted import ScriptedServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]

Cheat = Callable[..., ScriptedServer]
LONG_AGO = datetime(2026, 1, 1, tzinfo=timezone.get_default_timezone())
COVER, SOUND = answering(picture(), "image/jpeg"), answering(sound("m4a"))


@pytest.fixture(autouse=True)
def _teams(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of a process of its own."""
    monkeypatch.setattr(backfill, "_teams", RoundRobin())


def imported(band: Band, origin: str, name: str, *kinds: str, team: Team | None = None) -> Clip:
    """A take with files that have been due for long; the later it was made, the later they are its turn."""
    song = band.song(name)
    Song.objects.filter(pk=song.pk).update(team=team or band.team, operation=Song.IMPORT)
    take = song.takes.get()
    Clip.objects.filter(pk=take.pk).update(team=team or band.team, duration_s=3.0)
    for kind in kinds or ("cover",):
        ClipFile.objects.create(
            clip=take,
            kind=kind,
            source_url=f"{origin}/{name}.{kind}",
            background=True,
            wanted_since=LONG_AGO,
            next_try_at=LONG_AGO + timedelta(seconds=ClipFile.objects.count()),
        )
    return take


def serve(connection: socket.socket, request: bytes) -> None:
    (SOUND if b".m4a " in request else COVER)(connection, request)


def asked(server: ScriptedServer) -> list[str]:
    return [request.split()[1].decode().strip("/") for request in server.requests]


@contextmanager
def lanes(count: int) -> Iterator[list[int]]:
    """So many at once, each until there is nothing more; what they stored is in the list at the end."""
    stored: list[int] = []

    def work() -> None:
        try:
            stored.append(backfill.run(for_s=60))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    yield stored
    for thread in threads:
        thread.join(60)


def waiting_messages() -> int:
    with Redis.from_url(settings.REDIS_URL) as redis:
        return int(redis.llen("flowweb:queue:slow"))  # type: ignore[arg-type]


def test_what_is_just_made_waits_for_the_file_under_way_alone(band: Band, cheat: Cheat) -> None:
    def script(connection: socket.socket, request: bytes) -> None:
        if b"/first." in request:
            for name in ("new", "newer"):
                wanted(band, f"{server.origin}/{name}.cover", "cover")
            connections.close_all()
        serve(connection, request)

    server = cheat(script)
    for name in ("first", "second", "third"):
        imported(band, server.origin, name)

    assert backfill.run(for_s=60) == 5

    assert asked(server) == ["first.cover", "new.cover", "newer.cover", "second.cover", "third.cover"]


@pytest.mark.long
def test_teams_take_turns(band: Band, cheat: Cheat) -> None:
    """Though one imported all of it before the other came."""
    server, other = cheat(serve), Team.objects.create(name="Second floor")
    for number in range(4):
        imported(band, server.origin, f"many-{number}")
    for number in range(2):
        imported(band, server.origin, f"few-{number}", team=other)

    assert backfill.run(for_s=60) == 6

    assert [name[:3] for name in asked(server)[:4]].count("few") == 2
    assert asked(server)[4:] == ["many-2.cover", "many-3.cover"]


def test_lanes_work_side_by_side_and_none_on_the_take_of_another(band: Band, cheat: Cheat) -> None:
    """Each file is fetched once, and the cover before the audio that gets it into its tags."""
    all_there = threading.Barrier(3)

    def script(connection: socket.socket, request: bytes) -> None:
        if b".cover " in request:
            all_there.wait(30)
        serve(connection, request)

    server = cheat(script)
    for number in range(3):
        imported(band, server.origin, f"{number}", "cover", "m4a")

    with lanes(3) as stored:
        pass

    assert sorted(stored) == [2, 2, 2]
    assert sorted(asked(server)) == [f"{number}.{kind}" for number in range(3) for kind in ("cover", "m4a")]
    sounds = ClipFile.objects.filter(kind="m4a")
    assert [(file.state, file.has_cover, file.next_try_at) for file in sounds] == [("stored", True, None)] * 3


def test_another_process_leaves_audio_to_whoever_fetches_its_cover(band: Band, cheat: Cheat) -> None:
    server = cheat(serve)
    take = imported(band, server.origin, "one", "cover", "m4a")
    soon = timezone.now() + timedelta(seconds=30)
    take.files.filter(kind="cover").update(claim=take.pk, claim_until=soon)
    assert backfill.run(for_s=60) == 0
    take.files.update(background=False)
    assert backfill.archiver.archive(take.files.get(kind="m4a").pk), "somebody waits for this one"


def test_one_thread_is_left_for_what_comes_in(
    band: Band, cheat: Cheat, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 1 <= backfill.LANES < settings.SLOW_THREADS
    monkeypatch.setattr(backfill, "LANES", 1)
    goes_on, begun = threading.Event(), threading.Event()

    def script(connection: socket.socket, request: bytes) -> None:
        begun.set()
        assert goes_on.wait(30)
        serve(connection, request)

    imported(band, cheat(script).origin, "one")
    before = waiting_messages()
    with lanes(1) as stored:
        assert begun.wait(30)
        assert backfill.run(for_s=60) == 0
        backfill.wake_up()
        assert waiting_messages() == before, "more messages would only hold up others"
        goes_on.set()
    assert stored == [1]
    backfill.wake_up()
    assert waiting_messages() == before, "nothing is left"


def test_a_slice_ends_and_the_next_is_behind_all_other_messages(band: Band, cheat: Cheat) -> None:
    server = cheat(serve)
    imported(band, server.origin, "one")
    before = waiting_messages()
    backfill.wake_up()
    assert waiting_messages() == before + backfill.LANES
    assert backfill.run(for_s=-1) == 0
    assert waiting_messages() == before + backfill.LANES + 1
    assert asked(server) == []


def test_whoever_is_waited_for_gets_the_next_place() -> None:
    places, order = Places(1), []

    def take(name: str, *, in_background: bool) -> None:
        with places.taken(in_background=in_background):
            order.append(name)

    with places.taken():
        later = [
            threading.Thread(target=take, args=(f"copy {n}",), kwargs={"in_background": True})
            for n in range(2)
        ]
        for thread in later:
            thread.start()
        new = threading.Thread(target=take, args=("new",), kwargs={"in_background": False})
        new.start()
        while not places._ahead:
            pass
    for thread in (*later, new):
        thread.join(10)
    assert order[0] == "new"
    assert len(order) == 3
