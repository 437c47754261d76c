"""The page of a take while it sounds: words are lit, the waveform leads anywhere, the pair is at the same second."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import player_sound
from tests.browser.layout_shift import SHIFTS
from tests.browser.sessions import Visits
from tests.browser.site import Site
from tests.browser.song_forms import create_song

pytestmark = pytest.mark.usefixtures("free_slots")

PERSON = "cleo"
VERSE = "The kettle sings before I do\nand all the lamps are on\nthe ferry turns around"
CHORUS = "Stay, stay, the train is late\nStay, stay, the tide is high\nStay until the morning"
LYRICS = "\n\n".join(
    f"[{name}]\n{lines}"
    for name, lines in {
        "Verse 1": VERSE,
        "Chorus 1": CHORUS,
        "Verse 2": VERSE,
        "Chorus 2": CHORUS,
        "Out": CHORUS,
    }.items()
)
SEEK = """
(range, share) => {
  range.value = range.max * share;
  range.dispatchEvent(new Event("input", { bubbles: true }));
}
"""
# That nothing scrolls the words any more.
AT_REST = """
() => {
  const words = document.getElementById("lyrics"), before = words.scrollTop;
  return new Promise((resolve) => setTimeout(() => resolve(words.scrollTop === before), 300));
}
"""


def open_take_a(page: Page, site: Site) -> None:
    create_song(page, "Slow soul, organ, a warm voice, 76 bpm", lyrics=LYRICS)
    newest, done = page.locator("#work [data-job]").first, page.locator("[data-state=completed]")
    site.finish_until(newest.and_(done))
    page.goto("/library/")
    page.locator("#work .take-open").first.click()
    expect(page.get_by_role("slider", name="Position in take A")).to_be_visible()


def nothing_jumps(page: Page) -> None:
    page.reload()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.shifts") == []


def choose_a_line(page: Page) -> None:
    """The take isn't loaded yet: it plays from the line, by keyboard."""
    line = page.get_by_role("link", name="and all the lamps are on").first
    start = float(line.get_attribute("data-at") or 0)
    line.press("Enter")
    player_sound.wait_until_past(page, start)
    assert player_sound.place(page) < start + 3
    player_sound.assert_audible(page)
    expect(page.locator(".lyrics [aria-current=true]").first).to_be_visible()
    expect(page.locator(".part-name.is-sung")).to_have_text("Verse 1")
    expect(page.locator(".clip-play")).to_have_text(re.compile("Pause"))


def watch_the_words_follow(page: Page) -> None:
    """In their own box, without moving the page, and not while somebody scrolls them. Leaves the song paused."""
    words, slider = page.locator("#lyrics"), page.get_by_role("slider", name="Position in take A")
    page.evaluate("window.shifts = []")
    slider.evaluate(SEEK, 0.7)
    page.wait_for_function("() => document.querySelector('#lyrics').scrollTop > 40")
    assert page.locator(".work-scroll").evaluate("(box) => box.scrollTop") == 0
    assert page.evaluate("window.shifts") == []
    page.locator("#player-play").click()  # a line that comes just now would move them as well
    slider.evaluate(SEEK, 0.6)
    expect(page.locator(".playhead line")).to_have_attribute("x1", re.compile(r"^(59\.9|60)"))
    page.wait_for_function(AT_REST)
    before = str(page.locator(".line.is-sung").get_attribute("data-from"))
    words.hover()
    page.mouse.wheel(0, -5000)
    page.wait_for_function("() => document.querySelector('#lyrics').scrollTop === 0")
    slider.evaluate(SEEK, 0.5)
    expect(page.locator(".line.is-sung")).to_have_count(1)
    expect(page.locator(".line.is-sung")).not_to_have_attribute("data-from", before)
    page.wait_for_timeout(500)  # as long as a gentle scroll takes
    assert words.evaluate("(box) => box.scrollTop") == 0


def go_to_places(page: Page) -> None:
    """With the pointer and by keyboard; what is said is where the song is."""
    slider = page.get_by_role("slider", name="Position in take A")
    expect(page.locator(".clip-play")).to_have_text(re.compile("Play"))
    box = slider.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    half = player_sound.place(page)
    assert half == pytest.approx(float(slider.get_attribute("max") or 0) / 2, abs=1)
    slider.press("ArrowRight")
    assert player_sound.place(page) == pytest.approx(half + 5, abs=0.2)
    slider.press("PageDown")
    assert player_sound.place(page) == pytest.approx(half - 10, abs=0.2)
    said = slider.get_attribute("aria-valuetext") or ""
    assert re.fullmatch(r"0:\d\d of \d:\d\d", said), said
    head = float((page.locator(".playhead line").get_attribute("x1") or "").removesuffix("%"))
    assert head == pytest.approx(100 * (half - 10) / (2 * half), abs=2)


def change_the_take(page: Page) -> None:
    """First only the sound, then the page too; the second stays."""
    page.locator("#player-play").click()
    player_sound.wait_until_past(page, player_sound.place(page) + 0.2)
    first, second = player_sound.sounding(page), player_sound.place(page)
    page.get_by_role("link", name=re.compile("^Play take B")).click()
    page.wait_for_function("(a) => document.getElementById('player-audio').currentSrc !== a", arg=first)
    player_sound.wait_until_past(page, second)
    assert player_sound.place(page) < second + 5
    expect(page.locator(".playhead")).to_be_hidden()
    page.get_by_role("link", name="Open take B").click()
    expect(page.get_by_role("slider", name="Position in take B")).to_be_visible()
    expect(page.locator(".playhead")).to_be_visible()
    second = player_sound.place(page)
    page.get_by_role("link", name="Open take A").click()
    expect(page.get_by_role("link", name="Open take A")).to_have_attribute("aria-current", "page")
    player_sound.wait_until_past(page, second)
    assert player_sound.sounding(page) == first
    assert player_sound.place(page) < second + 5


def copy_the_words(page: Page) -> None:
    page.get_by_role("button", name="Copy the lyrics").click()
    expect(page.get_by_role("button", name="Copied the lyrics")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == LYRICS


@pytest.mark.long
def test_the_page_of_a_take_while_it_sounds(visits: Visits, site: Site) -> None:
    page = visits.new(PERSON, permissions=["clipboard-read", "clipboard-write"]).page
    page.add_init_script(SHIFTS)
    open_take_a(page, site)
    nothing_jumps(page)
    choose_a_line(page)
    watch_the_words_follow(page)
    go_to_places(page)
    change_the_take(page)
    copy_the_words(page)
