"""From the sign-in link to two takes that sound, by the clicks of somebody who has never been here."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import player_sound
from tests.browser.sessions import Visits
from tests.browser.sign_in import sign_in_first
from tests.browser.site import Site
from tests.browser.song_forms import expect_sent

pytestmark = pytest.mark.usefixtures("free_slots")

PROMPT = "A warm waltz with an accordion, 92 bpm, no voice"
LIFE = ["queued", "submitting", "running", "collecting", "completed"]
# Every state that the card of the job shows, without a reload in between.
FOLLOW = """
() => {
  window.sameDocument = true;
  window.seenStates = [];
  const look = () => {
    const state = document.querySelector("#work [data-job]")?.dataset.state;
    if (state && state !== window.seenStates.at(-1)) window.seenStates.push(state);
  };
  look();
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
}
"""


def sign_in(page: Page, link: str) -> None:
    sign_in_first(page, link)
    expect(page.get_by_role("heading", level=1)).to_have_text("New song")


def ask_for_a_song(page: Page) -> None:
    """From the song form to the jobs page, which then follows the job by itself."""
    page.evaluate(FOLLOW)
    page.get_by_label("Prompt", exact=True).fill(PROMPT)
    page.get_by_role("button", name="Create song").click()
    expect_sent(page)
    page.get_by_role("link", name=re.compile("^Jobs")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Jobs")


def watch_it_being_made(page: Page, site: Site) -> None:
    job = page.locator("#work [data-job]").first
    expect(job).to_have_attribute("data-state", "running")
    site.finish()
    expect(job).to_have_attribute("data-state", "completed", timeout=30_000)

    seen = page.evaluate("window.seenStates")
    assert page.evaluate("window.sameDocument"), "the page was loaded again"
    assert seen == [state for state in LIFE if state in seen], f"out of order: {seen}"
    assert {"running", "completed"} <= set(seen)


def hear_take_a(page: Page) -> None:
    page.locator("#work").get_by_role("link", name="Take A").click()
    player_sound.wait_until_past(page, 0.4)
    player_sound.assert_audible(page)
    expect(page.locator("#player-play")).to_have_attribute("aria-label", "Pause")


def hear_take_b_at_the_same_second(page: Page) -> None:
    first, second = player_sound.sounding(page), player_sound.place(page)
    page.locator("#player-takes").get_by_role("button", name="Take B").click()
    page.wait_for_function("(a) => document.getElementById('player-audio').currentSrc !== a", arg=first)
    player_sound.wait_until_past(page, second)
    assert player_sound.place(page) < second + 5
    player_sound.assert_audible(page)
    expect(page.get_by_role("button", name="Take B")).to_have_attribute("aria-pressed", "true")


def go_to_the_library(page: Page) -> None:
    """The same <audio> element goes on sounding."""
    page.evaluate("document.getElementById('player-audio').sameElement = true")
    source, before = player_sound.sounding(page), player_sound.place(page)
    page.get_by_role("link", name=re.compile("Library")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Library")
    player_sound.wait_until_past(page, before + 0.5)
    assert page.evaluate("document.getElementById('player-audio').sameElement")
    assert player_sound.sounding(page) == source
    player_sound.assert_audible(page)
    expect(page.locator("#work .take.is-on .letter")).to_have_text("B")


def test_a_newcomer_makes_a_song_and_hears_both_takes(visits: Visits, site: Site) -> None:
    visit = visits.new(size="desktop")
    page = visit.page

    sign_in(page, site.first_link)
    ask_for_a_song(page)
    watch_it_being_made(page, site)
    hear_take_a(page)
    seek_with_the_mouse(page)
    hear_take_b_at_the_same_second(page)
    go_to_the_library(page)
    pause(page)

    assert {status for status, url in visit.watch.answers if "/audio." in url} == {206}


def seek_with_the_mouse(page: Page) -> None:
    """To the middle, where it sounds on; then back by keyboard."""
    length = float(page.evaluate("document.getElementById('player-audio').duration"))
    assert length > 20
    page.get_by_role("slider", name="Position in the song").click()
    assert player_sound.place(page) == pytest.approx(length / 2, abs=2)
    player_sound.assert_audible(page)
    before = player_sound.place(page)
    page.keyboard.press("ArrowLeft")
    assert player_sound.place(page) < before


def pause(page: Page) -> None:
    """Silence is measured as silence: what was heard above was the song."""
    page.get_by_role("button", name="Pause").first.click()
    expect(page.locator("#player-play")).to_have_attribute("aria-label", "Play")
    with pytest.raises(AssertionError, match="silent"):
        player_sound.assert_audible(page)


@pytest.mark.long
def test_on_a_phone_and_in_daylight(visits: Visits, site: Site) -> None:
    link = site.add_person("ida@nightbus.example", team="Ida’s studio", name="Ida")
    page = visits.new(size="phone", theme="light", has_touch=True, is_mobile=True).page

    sign_in(page, link)
    ask_for_a_song(page)
    watch_it_being_made(page, site)
    hear_take_a(page)
    hear_take_b_at_the_same_second(page)
    go_to_the_library(page)


def test_the_link_works_once(visits: Visits, site: Site) -> None:
    visit = visits.new()
    visit.watch.expect(410)
    link = site.add_person("once@nightbus.example", team="Once", name="Once")
    sign_in(visits.new().page, link)

    visit.page.goto(link)

    expect(visit.page.get_by_role("heading", level=1)).to_have_text("Link expired")
    visit.page.goto("/library/")
    expect(visit.page).to_have_url(re.compile("/auth/login/"))
