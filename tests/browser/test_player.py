"""The one player, by keyboard alone, and heard: what follows, take B, speed, and what is left after a reload."""

import json
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import player_sound
from tests.browser.axe import findings
from tests.browser.layout_shift import SHIFTS
from tests.browser.sessions import Visit, Visits
from tests.browser.sign_in import sign_in_first
from tests.browser.site import Site
from tests.browser.song_forms import create_song

pytestmark = pytest.mark.usefixtures("free_slots", "songs")

PERSON = "nils"
# What the browser was told to do at the media keys, and where it believes the song to be.
MEDIA_KEYS = """
window.mediaKeys = {};
const session = navigator.mediaSession;
const setActionHandler = session.setActionHandler.bind(session);
session.setActionHandler = (name, act) => { window.mediaKeys[name] = act; setActionHandler(name, act); };
const setPositionState = session.setPositionState.bind(session);
session.setPositionState = (place) => { window.mediaPlace = place; setPositionState(place); };
"""
STORED = "Object.entries(localStorage).filter(([key]) => key.startsWith('flowweb-player:'))"
DRAFTS = "Object.keys(localStorage).filter((name) => name.startsWith('flowweb:draft:'))"
# Parts of the strip that overlap, or stick out of it.
CROWDED = """
() => {
  const root = document.getElementById("player");
  const parts = [...root.children].filter((each) => each.checkVisibility() && each.matches("div, button"));
  const boxes = parts.map((each) => [each.id || each.className, each.getBoundingClientRect()]);
  const edge = root.getBoundingClientRect();
  return boxes.flatMap(([name, box], at) => {
    const after = boxes[at + 1];
    const out = box.top < edge.top || box.bottom > edge.bottom || box.right > edge.right;
    const over = after && after[1].left < box.right;
    return [...(out ? [`${name} sticks out`] : []), ...(over ? [`${name} over ${after[0]}`] : [])];
  });
}
"""


@pytest.fixture(scope="module")
def songs(_visits: Visits, site: Site) -> None:
    """Two songs of two takes."""
    visit = _visits.new(PERSON)
    create_song(visit.page, "Dream pop, chorus guitar")
    create_song(visit.page, "Muted trumpet, whistled hook")
    site.finish_until(visit.page.locator("#work [data-job][data-state=completed]").nth(1))
    assert _visits.leave(visit) == []


def in_the_library(visits: Visits, **options: Any) -> Visit:
    visit = visits.new(PERSON, **options)
    visit.page.add_init_script(MEDIA_KEYS + SHIFTS)
    visit.page.goto("/library/")
    return visit


def row(page: Page, number: int) -> Locator:
    return page.locator("#work .take [data-play]").nth(number)


def expect_take(page: Page, of: Locator) -> None:
    """That the player has the take of this row."""
    take = player_sound.take_of(of)
    expect(page.locator("#player-title")).to_have_text(take["title"])
    expect(page.locator("#player-sub")).to_have_text(f"Take {take['letter']}")


def expect_next(page: Page, count: int) -> None:
    name = f"Up next: {count}" if count else "Up next"
    expect(page.locator("#player-list")).to_have_attribute("aria-label", name)


def hear(page: Page, after: float = 0.2) -> None:
    player_sound.wait_until_past(page, after)
    player_sound.assert_audible(page)


@pytest.mark.long
def test_a_list_plays_on_by_keyboard_and_a_reload_keeps_the_place(visits: Visits) -> None:
    page = in_the_library(visits).page
    row(page, 0).press("Enter")
    hear(page)
    expect_next(page, 3)
    the_other_take_is_not_played_again(page)
    speed_keeps_the_pitch(page)
    the_end_leads_to_the_next(page)
    back_and_on(page)
    the_list_can_be_changed(page)
    media_keys_lead_it(page)
    a_reload_keeps_everything(page)


def test_one_tab_sounds_at_a_time(visits: Visits) -> None:
    visit = in_the_library(visits)
    first, second = visit.page, visit.page.context.new_page()
    second.goto("/library/")
    row(first, 0).press("Enter")
    hear(first)
    row(second, 1).press("Enter")
    hear(second)
    expect(first.locator("#player-play")).to_have_attribute("aria-label", "Play")
    assert player_sound.sounding(first) == ""
    first.locator("#player-play").click()
    expect(second.locator("#player-play")).to_have_attribute("aria-label", "Play")
    assert player_sound.sounding(first) != ""


def the_other_take_is_not_played_again(page: Page) -> None:
    player_sound.wait_until_past(page, 1)
    page.keyboard.press("x")
    expect_take(page, row(page, 1))
    assert player_sound.place(page) >= 1
    expect_next(page, 2)
    for number in (0, 1):  # the louder of the two is lowered
        page.keyboard.press("x")
        expect_take(page, row(page, number))
        gain = float(player_sound.take_of(row(page, number)).get("gain", 0))
        assert page.evaluate("document.getElementById('player-audio').volume") == pytest.approx(
            10 ** (gain / 20)
        )


def speed_keeps_the_pitch(page: Page) -> None:
    page.keyboard.press("s")
    expect(page.get_by_role("combobox", name="Speed")).to_have_value("1.25")
    player_sound.assert_audible(page)
    assert page.evaluate(
        "(a => [a.playbackRate, a.preservesPitch])(document.getElementById('player-audio'))"
    ) == [
        1.25,
        True,
    ]


def the_end_leads_to_the_next(page: Page) -> None:
    before = player_sound.place(page)
    page.keyboard.press("Shift+ArrowRight")
    assert player_sound.place(page) >= before + 15
    page.get_by_role("slider", name="Position in the song").press("End")
    expect_take(page, row(page, 2))
    hear(page)
    assert page.evaluate("document.getElementById('player-audio').playbackRate") == 1.25
    expect_next(page, 1)


def back_and_on(page: Page) -> None:
    player_sound.wait_until_past(page, 3.2)
    page.keyboard.press(",")
    assert player_sound.place(page) < 1
    expect_take(page, row(page, 2))
    page.keyboard.press(",")
    expect_take(page, row(page, 1))
    page.keyboard.press(".")
    expect_take(page, row(page, 2))


def the_list_can_be_changed(page: Page) -> None:
    """Repeated all around, what was heard first comes after the last row."""
    for words in ("Repeat: all", "Repeat: this take", "Repeat: off", "Repeat: all"):
        page.keyboard.press("r")
        expect(page.locator("#player-repeat")).to_have_attribute("aria-label", words)
    page.keyboard.press(".")
    page.keyboard.press(".")
    expect_take(page, row(page, 1))
    row(page, 0).press("Enter")
    a_take_is_put_in(page)
    page.keyboard.press("q")
    rows = page.get_by_role("region", name="Up next").get_by_role("listitem")
    before = rows.all_inner_texts()
    assert [text.split()[0] for text in before] == ["B", "B", "A"]
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # "Move down", as the first can't go up
    assert rows.all_inner_texts() == [before[1], before[0], before[2]]
    expect(rows.nth(1).locator("[data-do=down]")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # "Remove"
    assert rows.all_inner_texts() == [before[1], before[2]]
    page.keyboard.press("Escape")
    expect(rows).to_have_count(0)
    expect_next(page, 2)


def a_take_is_put_in(page: Page) -> None:
    """The last row, before the two that follow anyway; the focus stays at the menu."""
    take = page.locator("#work .take").nth(3)
    take.locator(".take-menu").press("Enter")
    menu = take.locator("summary")
    expect(menu).to_be_focused()
    take.get_by_role("button", name="Play next").press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Plays next: ")
    expect(menu).to_be_focused()
    expect_next(page, 3)


def media_keys_lead_it(page: Page) -> None:
    assert {"play", "pause", "previoustrack", "nexttrack", "seekto"} <= set(
        page.evaluate("Object.keys(window.mediaKeys)")
    )
    page.evaluate("window.mediaKeys.nexttrack({})")
    page.evaluate("window.mediaKeys.seekto({ seekTime: 4 })")
    assert player_sound.place(page) == pytest.approx(4, abs=0.5)
    page.wait_for_function(
        "() => window.mediaPlace?.position >= 4 && window.mediaPlace.playbackRate === 1.25"
    )
    assert (
        page.evaluate("navigator.mediaSession.metadata.title") == page.locator("#player-title").inner_text()
    )
    page.evaluate("window.mediaKeys.pause({})")
    expect(page.locator("#player-play")).to_have_attribute("aria-label", "Play")


def a_reload_keeps_everything(page: Page) -> None:
    page.get_by_role("slider", name="Volume").press("ArrowLeft")
    page.keyboard.press("m")
    title, place = page.locator("#player-title").inner_text(), player_sound.place(page)
    seek = page.get_by_role("slider", name="Position in the song")
    words = str(seek.get_attribute("aria-valuetext"))
    page.reload()
    page.wait_for_load_state("networkidle")

    expect(page.locator("#player-title")).to_have_text(title)
    assert words.startswith("0:04 of ")
    expect(seek).to_have_attribute("aria-valuetext", words)
    expect(page.get_by_role("combobox", name="Speed")).to_have_value("1.25")
    expect(page.locator("#player-repeat")).to_have_attribute("aria-label", "Repeat: all")
    expect(page.locator("#player-mute")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("slider", name="Volume")).to_have_value("0.95")
    expect_next(page, 1)
    assert not player_sound.sounding(page)
    assert (
        page.evaluate("performance.getEntriesByType('resource').filter((e) => e.name.includes('/audio.'))")
        == []
    )
    assert page.evaluate("window.shifts") == []

    page.keyboard.press("m")
    page.keyboard.press("Space")
    hear(page, place)
    assert player_sound.place(page) < place + 6


@pytest.mark.long
def test_a_lost_connection_and_a_take_that_is_gone(visits: Visits) -> None:
    visit = in_the_library(visits)
    page = visit.page
    row(page, 0).press("Enter")
    player_sound.wait_until_past(page, 1)
    page.context.set_offline(True)
    page.keyboard.press("x")
    expect(page.locator("#player-sub")).to_have_text("No connection. Playing will continue from here.")
    page.context.set_offline(False)
    hear(page, 1.2)
    assert player_sound.place(page) < 8
    expect_take(page, row(page, 1))
    assert all("ERR_INTERNET_DISCONNECTED" in line for line in visit.watch.take_trouble())
    expect(page.locator("#player-wave.wave-none")).to_have_count(0)

    visit.watch.expect(404)
    page.keyboard.press("Space")
    page.evaluate(f"window.addEventListener('pagehide', () => ({FORGE})())")
    page.reload()
    page.keyboard.press("Space")
    expect(page.locator("#player-sub")).to_have_text("This take was deleted. Continue with the next one.")
    page.keyboard.press(".")
    expect_take(page, row(page, 2))
    player_sound.wait_until_past(page, 0.1)


# What the browser remembers of a take that was erased meanwhile: addresses that lead to nothing.
FORGE = """
() => {
  const key = Object.keys(localStorage).find((each) => each.startsWith("flowweb-player:"));
  const saved = JSON.parse(localStorage.getItem(key));
  const gone = "00000000-0000-0000-0000-000000000000";
  saved.take.now = JSON.parse(JSON.stringify(saved.take.now).replaceAll(saved.take.now.clip, gone));
  saved.take.now.other = "";
  localStorage.setItem(key, JSON.stringify(saved));
}
"""


@pytest.mark.long
def test_it_fits_and_opens_on_narrow_screens(visits: Visits) -> None:
    page = in_the_library(visits, reduced_motion="reduce").page
    row(page, 0).press("Enter")
    expect_take(page, row(page, 0))
    for width in (1920, 1440, 1200, 1024, 768, 390, 360):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate(CROWDED) == [], width

    seek = page.get_by_role("slider", name="Position in the song")
    expect(seek).to_be_hidden()
    more = page.get_by_role("button", name="More controls")
    more.press("Enter")
    expect(more).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Space")  # on the button: it folds, the song goes on
    more.press("Enter")
    seek.press("ArrowRight")
    assert player_sound.place(page) > 5
    page.get_by_role("button", name="Up next").press("Enter")
    assert findings(page) == []
    page.keyboard.press("Escape")
    expect(seek).to_be_visible()
    page.keyboard.press("Escape")
    expect(seek).to_be_hidden()
    expect(more).to_be_focused()


def switch_team(page: Page, name: str) -> None:
    page.locator(".nav-team-menu summary").click()
    page.locator(".nav-team-menu").get_by_role("button", name=name).click()
    expect(page.locator(".nav-team-menu summary")).to_contain_text(name)


@pytest.mark.long
def test_another_team_or_person_sees_nothing_of_it(visits: Visits, site: Site) -> None:
    page = visits.new().page
    site.add_person(f"{PERSON}@nightbus.example", team="Second stage", name=PERSON)
    sign_in_first(
        page,
        site.add_person(f"{PERSON}@nightbus.example", team=f"{PERSON.capitalize()}’s studio", name=PERSON),
    )
    page.goto("/library/")
    row(page, 0).press("Enter")
    expect_take(page, row(page, 0))
    page.evaluate("localStorage.setItem('flowweb-player:0-0', JSON.stringify({ somebody: 'else' }))")
    page.reload()
    stored = page.evaluate(STORED)
    assert len(stored) == 1
    assert json.loads(stored[0][1])["take"]["now"]["title"] == player_sound.take_of(row(page, 0))["title"]

    switch_team(page, "Second stage")
    expect(page.locator("#player-title")).to_have_text("Nothing playing")
    switch_team(page, f"{PERSON.capitalize()}’s studio")
    expect(page.locator("#player-title")).to_have_text(str(json.loads(stored[0][1])["take"]["now"]["title"]))
    assert not player_sound.sounding(page)

    # A new team begins with a form, too: only the next one is waited for.
    page.locator("#app").evaluate("(app) => app.setAttribute('data-before', '')")
    page.get_by_role("link", name="New song").first.click()
    expect(page.locator("#app[data-before]")).to_have_count(0)
    page.get_by_label("Prompt", exact=True).fill("Nobody else should read this")
    assert page.evaluate(DRAFTS)
    page.locator(".nav-person").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/auth/login/**")
    assert page.evaluate(STORED) == []
    assert page.evaluate(DRAFTS) == []
    sign_in_first(page, site.add_person("otto@nightbus.example", team="Otto’s studio", name="Otto"))
    expect(page.locator("#player-title")).to_have_text("Nothing playing")
