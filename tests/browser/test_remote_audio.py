"""A take that is not saved yet sounds from where the remote side keeps it, and goes on from here when it is saved."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from tests import sandbox_control
from tests.browser import player_sound
from tests.browser.sessions import Visits
from tests.browser.site import Site
from tests.browser.song_forms import create_song

pytestmark = pytest.mark.usefixtures("free_slots", "archive")

PERSON = "romy"  # of no other test: one of them removes a token
NOT_DELIVERED = "Flow Music doesn’t deliver it. It plays once saved."


HOLD = """
CREATE TRIGGER hold AFTER INSERT ON library_clipfile
BEGIN UPDATE library_clipfile SET next_try_at = '2099-01-01 00:00:00' WHERE id = NEW.id; END
"""


class Archive:
    """The files of new takes are due far from now, until the test lets them go. (A process that is stopped may hold the
    database, and with it all others.)"""

    def __init__(self, site: Site) -> None:
        self._site = site

    def hold(self) -> None:
        self._site.execute(HOLD)

    def let_go(self) -> None:
        self._site.execute("DROP TRIGGER IF EXISTS hold")
        self._site.execute(
            "UPDATE library_clipfile SET next_try_at = '2026-01-01 00:00:00' WHERE next_try_at > '2090'"
        )


@pytest.fixture
def archive(site: Site) -> Iterator[Archive]:
    archive = Archive(site)
    archive.hold()
    yield archive
    archive.let_go()


def play_button(page: Page, site: Site, prompt: str) -> Locator:
    """Take A of a song that is done at the remote side, on the card of its job."""
    create_song(page, prompt)
    page.goto("/jobs/")
    button = page.locator("#work [data-job][data-state=collecting] [data-play][data-remote=yes]").first
    site.finish_until(button)
    return button


def media_of(page: Page) -> list[Request]:
    """What the player asks for from now on."""
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if request.resource_type == "media" else None)
    return asked


def is_saved(page: Page) -> bool:
    """Whether the take that plays is."""
    ask = "async () => (await (await fetch(window.flowwebPlayer.take.page + 'sound.json')).json()).src !== ''"
    return bool(page.evaluate(ask))


def wait_until_saved(page: Page) -> None:
    while not is_saved(page):
        page.wait_for_timeout(250)


def test_a_take_plays_before_it_is_saved_and_from_here_afterwards(
    visits: Visits, site: Site, archive: Archive
) -> None:
    page = visits.new(PERSON).page
    button = play_button(page, site, "a slow waltz with a musical saw")
    asked = media_of(page)
    button.press("Enter")
    player_sound.wait_until_past(page, 0.3)
    there = [request for request in asked if request.url.startswith(f"{site.sandbox}/media/")]
    assert there
    player_sound.assert_remote_is_audible(page, there[0].url)
    for request in there:
        assert not {"authorization", "referer"} & set(request.all_headers())
    page.keyboard.press("ArrowRight")
    player_sound.wait_until_past(page, 5.2)
    expect(page.locator("#player-wave.wave-none")).to_have_count(1)
    page.locator("#player-play").click()  # or it would be over before it is saved, where saving takes long
    place = player_sound.place(page)
    assert not is_saved(page)

    archive.let_go()
    wait_until_saved(page)
    page.reload()
    asked.clear()
    page.locator("#player-play").click()
    player_sound.wait_until_past(page, place + 0.2)
    assert player_sound.place(page) < place + 6
    player_sound.assert_audible(page)
    assert [request for request in asked if not request.url.startswith(site.url)] == []
    expect(page.locator("#player-wave.wave-none")).to_have_count(0)


# What the browser says of an answer that ends too soon, and of one that is no sound.
OF_MEDIA = ("net::ERR_CONTENT_LENGTH_MISMATCH", "net::ERR_BLOCKED_BY_ORB")
# How it goes wrong, what the browser says of it, and from where it is played. Of what is broken off a browser plays
# what has come, or nothing.
TROUBLE: dict[str, tuple[list[str], set[int], float]] = {
    "expired": (["link expired"], {403}, 6),
    "hanging": (["hang"], set(), 6),
    "lying": (["html"], set(), 6),
    "broken off": (["truncated", "hang"], set(), 0),
}


@pytest.mark.long
@pytest.mark.parametrize("trouble", TROUBLE)
def test_what_the_remote_side_does_not_deliver_plays_when_it_is_saved(
    visits: Visits, site: Site, archive: Archive, trouble: str
) -> None:
    scenarios, statuses, at = TROUBLE[trouble]
    visit = visits.new(PERSON)
    page = visit.page
    button = play_button(page, site, f"a march, {trouble}")
    visit.watch.expect(*statuses)
    *once, always = scenarios  # how often a browser asks again is its own affair
    for scenario in once:
        sandbox_control.order(site.sandbox, "scenario", operation="media", scenario=scenario)
    sandbox_control.order(site.sandbox, "scenario", operation="media", scenario=always, times=1000)
    clip = button.get_attribute("data-clip")
    page.evaluate("([clip, at]) => window.flowwebPlayer.play(clip, at)", [clip, at])
    expect(page.locator("#player-sub")).to_have_text(NOT_DELIVERED)
    place = player_sound.place(page)
    assert place == at or (place > at and trouble == "broken off")

    sandbox_control.clear_scenarios(site.sandbox)
    archive.let_go()
    player_sound.wait_until_past(page, place + 0.2)
    assert player_sound.place(page) < place + 6, "it goes on at the same second"
    expect(page.locator("#player-sub")).to_have_text("Take A")
    assert is_saved(page)
    player_sound.assert_audible(page)
    assert [line for line in visit.watch.take_trouble() if not any(words in line for words in OF_MEDIA)] == []
