"""`python -m tests.bench.pages`: what every page of the tour costs the web process, beside the view that does nothing
for somebody signed in, and what it weighs. Part of `make bench`.
"""

import gzip
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from tests.bench.visitor import Visitor
from tests.browser.sessions import FLAGS, PATIENCE_MS, Visits
from tests.browser.site import Site
from tests.browser.tour import PERSON, STOPS, Tour
from tests.run import chromium

VISITS, BARE_VISITS = 15, 200
SONGS = 20  # of the library that is looked at last, two takes each
BARE = "/bare/signed-in"
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")

# A team's songs as often as there have to be so many: their takes too, and rows that name the same files.
COPIES = """
from apps.library.models import Clip, ClipFile, Song
songs = list(Song.objects.filter(team__name="{team}", operation="music", takes__deleted_at=None).distinct())
for number in range({count} - len(songs)):
    song = songs[number % len(songs)]
    takes = [(take, list(take.files.all())) for take in Clip.objects.filter(song=song.pk)]
    song = Song.objects.get(pk=song.pk)
    song.pk = None
    song.save(force_insert=True)
    for take, files in takes:
        take.pk, take.song, take.clip_id = None, song, take.clip_id + " copy " + str(number)
        take.save(force_insert=True)
        for file in files:
            file.pk, file.clip = None, take
            file.save(force_insert=True)
"""

Line = tuple[str, str, str]


def lines() -> list[Line]:
    """Milliseconds of CPU of the web process, and kilobytes before and after they are compressed."""
    with tempfile.TemporaryDirectory(prefix="flowweb-bench-") as folder, sync_playwright() as playwright:
        site = Site(Path(folder), DJANGO_SETTINGS_MODULE="tests.bench.settings")
        site.start()
        try:
            browser = playwright.chromium.launch(executable_path=chromium.find(), args=FLAGS)
            pages, visitor = _prepare(site, browser)
            browser.close()
            bare = _cpu_ms(site, visitor, BARE, BARE_VISITS)
            found = [_line(site, f"page {name}", *each, bare) for name, each in pages.items()]
            site.fill(COPIES.format(team="Mara’s studio", count=SONGS))
            found.append(_line(site, f"library of {SONGS * 2} takes", visitor, "/library/", bare))
            return [
                ("a page that does nothing, for somebody signed in", f"{bare:.1f} ms of CPU", "1"),
                *found,
            ]
        finally:
            site.stop()


def _prepare(site: Site, browser: Browser) -> tuple[dict[str, tuple[Visitor, str]], Visitor]:
    """By the stop's name who asks for which address; and the person whom most of them belong to."""
    expect.set_options(timeout=PATIENCE_MS)
    visits = Visits(site, browser)
    tour = Tour(visits)
    tour.prepare()
    site.clear()
    people = {stop.person: _visitor(site, visits, stop.person) for stop in STOPS}
    pages = {stop.name: (people[stop.person], tour.address(stop)) for stop in STOPS if stop.status == 200}
    return pages, people[PERSON]


def _visitor(site: Site, visits: Visits, person: str) -> Visitor:
    kept = visits.cookies(person) if person else {}
    return Visitor(site.port, kept)


def _line(site: Site, name: str, visitor: Visitor, address: str, bare: float) -> Line:
    address = _followed(visitor, address)
    cost = _cpu_ms(site, visitor, address, VISITS)
    body = visitor.get(address).body
    weighs = f"{len(body) / 1000:.0f} kB, {len(gzip.compress(body)) / 1000:.0f} compressed"
    return (name, f"{cost:.1f} ms of CPU", f"{cost / bare:.1f} × of it, {weighs}")


def _followed(visitor: Visitor, address: str) -> str:
    """The page that it leads to in the end."""
    answer = visitor.get(address)
    return _followed(visitor, answer.headers["Location"]) if 300 <= answer.status < 400 else address


def _cpu_ms(site: Site, visitor: Visitor, address: str, times: int) -> float:
    """Of all processes of the web, for one answer; the one before them compiles its templates."""
    before = sum(_ticks(site))
    for _ in range(times):
        assert visitor.get(address).status == 200, address
    return (sum(_ticks(site)) - before) * TICK_MS / times


def _ticks(site: Site) -> Iterator[int]:
    for pid in site.pids("web"):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        yield int(fields[11]) + int(fields[12])  # user and system


def main() -> int:
    for what, figure, beside in lines():
        print(f"{what:<50}  {figure:>18}  {beside}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
