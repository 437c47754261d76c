"""`python -m tests.browser.shots FOLDER [NAME…]`: pictures of every page, for people to look at.

Each at 1440 and 390 px, dark and light, of a studio with songs in every state.
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import player_sound
from tests.browser.sessions import FLAGS, PATIENCE_MS, SIZES, Visits
from tests.browser.site import Site
from tests.browser.tour import PERSON, STOPS, Stop, Tour, stop_named
from tests.run import chromium

THEMES = ("dark", "light")


def main(arguments: Sequence[str]) -> int:
    """Exit code: 0, or 2 without a folder."""
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=PATIENCE_MS)
    with tempfile.TemporaryDirectory(prefix="flowweb-shots-") as data, sync_playwright() as playwright:
        site = Site(Path(data))
        site.start()
        try:
            browser = playwright.chromium.launch(executable_path=chromium.find(), args=FLAGS)
            take_all(site, browser, folder, set(arguments[1:]))
            browser.close()
        finally:
            site.stop()
    return 0


def take_all(site: Site, browser: Browser, folder: Path, names: set[str]) -> None:
    visits = Visits(site, browser)
    tour = Tour(visits)
    tour.prepare()
    for stop in STOPS:
        if not names or stop.name in names:
            take(visits, tour, stop, folder)
    if not names or "playing" in names:
        take_player(visits, tour, folder)


def take(visits: Visits, tour: Tour, stop: Stop, folder: Path) -> None:
    for size in SIZES:
        visit = visits.new(stop.person, size=size)
        tour.go(visit.page, stop)
        in_both_themes(visit.page, folder / f"{stop.name}-{size}")
        visits.leave(visit)


def take_player(visits: Visits, tour: Tour, folder: Path) -> None:
    """The library while a song sounds, and the dialogs."""
    for size in SIZES:
        visit = visits.new(PERSON, size=size)
        tour.go(visit.page, stop_named("library"))
        visit.page.locator("#work [data-play]").first.click()
        expect(visit.page.locator("#player-play")).to_have_attribute("aria-label", "Pause")
        player_sound.wait_until_past(visit.page, 1)
        in_both_themes(visit.page, folder / f"playing-{size}")
        visit.page.keyboard.press("?")
        in_both_themes(visit.page, folder / f"keys-{size}")
        visits.leave(visit)


def in_both_themes(page: Page, path: Path) -> None:
    for theme in THEMES:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.screenshot(path=path.with_name(f"{path.name}-{theme}.png"))
        print(path.with_name(f"{path.name}-{theme}.png"), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
