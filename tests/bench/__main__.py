"""`python -m tests.bench`: starts the product as `make run` does and prints one table of figures.

Figures are ratios within one run, on one machine that does everything at once, the load too. None of them decides
whether something passes. Loopback only; a few minutes.
"""

import os
import sys
import time

from tests.bench import imports, library, pages, players, watchers
from tests.bench.house import House, house
from tests.bench.songs import Songs, make
from tests.bench.visitor import AT_ONCE, Visitor, median_ms, per_second

SECONDS = 3.0  # of load for each figure
SUBMITS = 60
JOBS_SHOWN = 20

NOTE = (
    "The sandbox's songs take 4 to 15 s and have their files when they are done, as real ones (40 to 150 s); from half "
    "the usual time on they are looked at every 5 s. Six are made at once."
)

Line = tuple[str, str, str]


def main() -> int:
    started = time.monotonic()
    print("starting gunicorn, Redis, sandbox, worker, slow and beat …", flush=True)
    with house() as home:
        visitor = Visitor(home.port)
        visitor.sign_in(home.link)
        visitor.get("/create/")
        lines = answers(home, visitor)
        print("making songs with and without webhook …", flush=True)
        hooked = make(home, visitor, "a slow waltz, 90 bpm [short]")
        polled = make(home, visitor, "a slow waltz, 90 bpm [short] [hook never]")
        lines += players.lines(home, visitor)
    print(f"filling libraries of {library.SMALL:,} and of {library.BIG:,} takes …", flush=True)
    shelves = library.lines()
    print(f"importing {imports.CLIPS:,} clips …", flush=True)
    brought_in = imports.lines()
    print("looking at every page of the tour …", flush=True)
    toured = pages.lines()
    show(
        [
            *lines,
            *of_songs(hooked, "with webhook"),
            *of_songs(polled, "without"),
            *shelves,
            *brought_in,
            *toured,
        ]
    )
    cores = os.cpu_count()
    print(f"\n{cores} cores, {AT_ONCE} visitors at once, {time.monotonic() - started:.0f} s in all. {NOTE}")
    return 0


BARE, BARE_SIGNED_IN = "/bare", "/bare/signed-in"


def answers(home: House, visitor: Visitor) -> list[Line]:
    """Answers a second and milliseconds, each beside a view that does nothing; the panel beside the one for somebody
    who is signed in, as all who watch it are.
    """
    with home.nothing_is_sent():
        bare_ms = median_ms(lambda: visitor.get(BARE), 300)
        signed_in_ms = median_ms(lambda: visitor.get(BARE_SIGNED_IN), 300)
        submit_ms = median_ms(lambda: visitor.submit("a slow waltz"), SUBMITS)
        home.keep_jobs(JOBS_SHOWN)
        bare = per_second(visitor, lambda each: each.get(BARE).status == 200, seconds=SECONDS)
        signed_in = per_second(visitor, lambda each: each.get(BARE_SIGNED_IN).status == 200, seconds=SECONDS)
        unchanged = per_second(visitor, lambda each: each.read_panel() == 204, seconds=SECONDS)
        changed = per_second(visitor, lambda each: each.read_panel(whole=True) == 200, seconds=SECONDS)
        watched = watchers.lines(home, visitor)
        home.keep_jobs(0)
    return [
        ("a view that does nothing", f"{bare:,.0f}/s", "1"),
        ("… for somebody signed in", f"{signed_in:,.0f}/s", f"{signed_in / bare:.2f} × of it"),
        ("panel, unchanged (204)", f"{unchanged:,.0f}/s", f"{unchanged / signed_in:.2f} × of signed in"),
        (
            f"panel, changed (200, {JOBS_SHOWN} jobs)",
            f"{changed:,.0f}/s",
            f"{changed / signed_in:.3f} × of signed in",
        ),
        *watched,
        ("a view that does nothing, median", f"{bare_ms:.1f} ms", "1"),
        (
            "… for somebody signed in, median",
            f"{signed_in_ms:.1f} ms",
            f"{signed_in_ms / bare_ms:.1f} × as long",
        ),
        ("submit (POST /create/), median", f"{submit_ms:.1f} ms", f"{submit_ms / bare_ms:.1f} × as long"),
    ]


def of_songs(songs: Songs, how: str) -> list[Line]:
    spread = f"{min(songs.seconds):.1f} to {max(songs.seconds):.1f} s, {len(songs.seconds)} songs"
    calls = sum(songs.calls.values()) / len(songs.seconds)
    routes = [(f"    {route}", f"{count:.1f}", "") for route, count in songs.per_song().items()]
    return [
        (f"done at the remote → plays, {how}", f"{songs.median:.1f} s", spread),
        (f"remote calls a finished song, {how}", f"{calls:.1f}", ""),
        *routes,
    ]


def show(lines: list[Line]) -> None:
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    print()
    for what, figure, beside in lines:
        print(f"{what:<{widths[0]}}  {figure:>{widths[1]}}  {beside}".rstrip())


if __name__ == "__main__":
    sys.exit(main())
