"""Songs made all the way: what they cost in calls, and how long a finished one takes to the browser."""

import statistics
import time
from dataclasses import dataclass

from tests.bench.house import House, until
from tests.bench.visitor import Visitor
from tests.sandbox_control import ask

SONGS = 6
LONGEST = 60.0


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
    done: dict[str, float] = {}
    playable: dict[str, float] = {}
    ends = time.monotonic() + LONGEST
    while len(playable) < SONGS and time.monotonic() < ends:
        for job in ask(house.sandbox, "jobs"):
            if job["replyRef"] not in known and job["status"] == "completed":
                done.setdefault(job["replyRef"], time.monotonic())
        for reference in done.keys() - playable.keys():
            if _plays(house, visitor, reference):
                playable[reference] = time.monotonic()
        time.sleep(0.03)
    assert len(playable) == SONGS, f"{len(playable)} of {SONGS} songs can be played"
    house.hurry_wavs()
    assert until(house.all_over, within=LONGEST), house.what_is_left()
    after = ask(house.sandbox, "requests")
    calls = {route: count - before.get(route, 0) for route, count in after.items() if "_sandbox" not in route}
    return Songs(
        seconds=[playable[reference] - done[reference] for reference in playable],
        calls={route: count for route, count in calls.items() if count},
    )


def _plays(house: House, visitor: Visitor, reference: str) -> bool:
    """Whether the first bytes of take A come, as an `<audio>` asks for them."""
    takes = house.takes_of(reference)
    if not takes:
        return False
    take = takes[0]
    address = f"{take[:8]}-{take[8:12]}-{take[12:16]}-{take[16:20]}-{take[20:]}"
    return visitor.get(f"/library/clips/{address}/audio.m4a", Range="bytes=0-").status == 206
