"""Songs made all the way: what they cost in calls, and how long a finished one takes to the browser."""

import statistics
import time
import urllib.request
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from tests.bench.house import House, until
from tests.bench.visitor import Visitor
from tests.sandbox_control import ask, order

SONGS = 6
LONGEST = 60.0
LOOK_EVERY_S = 0.05
MEDIA = "GET /media/{file}"


@dataclass(frozen=True)
class Songs:
    """Seconds from "done at the remote" to playable, song by song, and the calls that all of them took together."""

    seconds: list[float]
    calls: dict[str, int]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def per_song(self) -> dict[str, float]:
        return {route: count / len(self.seconds) for route, count in sorted(self.calls.items())}


def make(house: House, visitor: Visitor, prompt: str) -> Songs:
    """Asks for the songs, then watches the remote side's clock and the player's address at the same time."""
    before = ask(house.sandbox, "requests")
    known = {job["replyRef"] for job in ask(house.sandbox, "jobs")}
    for number in range(SONGS):
        visitor.submit(f"{prompt}, number {number}")
    heard = _hear(house, visitor, known)
    house.hurry_wavs()
    assert until(house.all_over, within=LONGEST), house.what_is_left()
    after = ask(house.sandbox, "requests")
    calls = {route: count - before.get(route, 0) for route, count in after.items() if "_sandbox" not in route}
    calls[MEDIA] = calls.get(MEDIA, 0) - sum(each.remotely for each in heard)  # the listener's own
    return Songs(
        seconds=[each.seconds for each in heard],
        calls={route: count for route, count in calls.items() if count},
    )


@dataclass(frozen=True)
class Heard:
    """How long it took, and how many questions of the listener went to the remote side."""

    seconds: float
    remotely: int


def _hear(house: House, visitor: Visitor, known: set[str]) -> list[Heard]:
    """Each song has a listener of its own from the moment on when it is done at the remote side, which has its files
    by then: that the sandbox makes them for whoever asks first is no time of ours."""
    ends = time.monotonic() + LONGEST
    listeners: dict[str, Future[Heard]] = {}
    rendered: set[str] = set()
    with ThreadPoolExecutor(2 * SONGS) as pool:
        while len(listeners) < SONGS and time.monotonic() < ends:
            for job in ask(house.sandbox, "jobs"):
                if job["replyRef"] in known:
                    continue
                if job["jobid"] not in rendered:
                    rendered.add(job["jobid"])
                    pool.submit(order, house.sandbox, "render", jobid=job["jobid"])
                if job["status"] == "completed":
                    known.add(job["replyRef"])
                    listeners[job["replyRef"]] = pool.submit(_listen, house, visitor, job["replyRef"], ends)
            time.sleep(LOOK_EVERY_S)
        return [each.result() for each in listeners.values()]


def _listen(house: House, visitor: Visitor, reference: str, ends: float) -> Heard:
    """Until the first bytes of take A come, as an `<audio>` asks for them: from here, or where it is sent."""
    mine, started, remotely = Visitor(visitor.port, visitor.cookies), time.monotonic(), 0
    while time.monotonic() < ends:
        if takes := house.takes_of(reference):
            answer = mine.get(f"/library/clips/{uuid.UUID(takes[0])}/audio.m4a", Range="bytes=0-")
            if answer.status == 302:
                remotely += 1
            if answer.status == 206 or (answer.status == 302 and gives_audio(answer.headers["Location"])):
                return Heard(time.monotonic() - started, remotely)
        time.sleep(LOOK_EVERY_S)
    raise AssertionError(f"{reference} can't be played")


def gives_audio(link: str) -> bool:
    """Whether the first bytes of it come from there."""
    request = urllib.request.Request(link, headers={"Range": "bytes=0-"})
    with urllib.request.urlopen(request, timeout=LONGEST) as answer:
        return answer.status == 206 and len(answer.read(1024)) == 1024
