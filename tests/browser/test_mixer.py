"""The mixer: four tracks that sound together, and what is pressed is what is heard."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import mixer_sound, player_sound
from tests.browser.sessions import Visits
from tests.browser.tour import EDITOR, Tour, stop_named

APART_S = 0.05


def sounds(page: Page) -> None:
    expect(page.locator("[data-mixer]")).to_have_attribute("data-state", "playing")


def go_to_the_verse(page: Page) -> None:
    """Where all of them have something to say: a click on a waveform."""
    wave = page.locator(".lane-wave").nth(2)
    box = wave.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * 0.3, box["y"] + box["height"] / 2)
    sounds(page)


def heard(page: Page) -> list[bool]:
    """Which tracks are heard there."""
    go_to_the_verse(page)
    return mixer_sound.levels(page)


def play_together(page: Page) -> None:
    page.get_by_role("button", name="Play the tracks").click()
    sounds(page)
    assert mixer_sound.apart_by_clocks(page, seconds=4) < APART_S
    expect(page.get_by_role("button", name="Pause the tracks")).to_be_visible()
    assert heard(page) == [True] * 4


def seek_and_stay_together(page: Page) -> None:
    """By the waveform and by keyboard, never so far that the song would be over."""
    place = page.get_by_role("slider", name="Position in the mix")
    go_to_the_verse(page)
    assert float(place.input_value()) == pytest.approx(0.3 * float(place.get_attribute("max") or 0), abs=2.5)
    for key, jump in (("ArrowRight", 5), ("PageDown", -15), ("PageUp", 15), ("ArrowLeft", -5)):
        before = float(place.input_value())
        place.press(key)
        sounds(page)
        assert float(place.input_value()) == pytest.approx(max(0, before + jump), abs=3)
        assert mixer_sound.apart_by_clocks(page, seconds=1) < APART_S
    said = place.get_attribute("aria-valuetext") or ""
    assert re.fullmatch(r"\d:\d\d of \d:\d\d", said), said


def hear_them_together(page: Page) -> None:
    go_to_the_verse(page)
    found = mixer_sound.heard(page)
    assert all(each.likeness > 0.8 for each in found), found
    places = [each.place for each in found]
    assert max(places) - min(places) < APART_S, found


def mute_and_solo_by_keyboard(page: Page) -> None:
    words = page.locator("[data-silent-text]")
    page.keyboard.press("4")
    expect(words).to_have_text("Other is muted.")
    expect(page.get_by_role("button", name="Mute other")).to_have_attribute("aria-pressed", "true")
    assert heard(page) == [True, True, True, False]
    page.keyboard.press("Shift+2")
    expect(words).to_have_text("Only drums can be heard.")
    assert heard(page) == [False, True, False, False]
    page.get_by_role("button", name="Unmute all", exact=True).click()
    expect(words).to_have_text("Other is muted.")
    page.get_by_role("button", name="Unmute", exact=True).click()
    expect(words).to_have_text("")
    assert heard(page) == [True] * 4


def turn_down_by_arrows(page: Page) -> None:
    level = page.get_by_role("slider", name="Volume of bass")
    for _ in range(3):
        level.press("ArrowLeft")
    expect(level).to_have_attribute("aria-valuetext", "−1.5 dB")
    level.press("Home")
    expect(level).to_have_attribute("aria-valuetext", "off")
    expect(page.locator("[data-silent-text]")).to_have_text("Bass is silent.")
    assert heard(page) == [True, True, False, True]
    page.get_by_role("button", name="Reset levels").click()
    expect(level).to_have_attribute("aria-valuetext", "0.0 dB")


def levels_outlive_a_reload(page: Page) -> None:
    page.keyboard.press("Shift+1")
    page.get_by_role("slider", name="Volume of all tracks").press("ArrowRight")
    page.reload()
    expect(page.get_by_role("button", name="Solo vocals")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("slider", name="Volume of all tracks")).to_have_attribute(
        "aria-valuetext", "+0.5 dB"
    )
    page.get_by_role("button", name="Reset levels").click()


def one_of_them_sounds(page: Page) -> None:
    """The player below, or the mixer; and neither of them when the page is left."""
    page.get_by_role("heading", level=1).click()  # or Space would press the button once more
    page.keyboard.press("Space")
    sounds(page)
    page.get_by_role("link", name=re.compile("^Library")).first.click()
    page.locator("#work [data-play]").first.click()
    player_sound.wait_until_past(page, 0.3)
    assert page.evaluate("window.flowwebMixer.mix") is None
    page.go_back()
    page.get_by_role("button", name="Play the tracks").click()
    sounds(page)
    assert player_sound.sounding(page) == ""
    page.locator("#player-play").click()
    expect(page.locator("[data-mixer]")).to_have_attribute("data-state", "paused")
    assert player_sound.sounding(page)


def test_four_tracks_sound_as_one(tour: Tour, visits: Visits) -> None:
    page = visits.new(EDITOR).page
    tour.go(page, stop_named("mixer"))
    play_together(page)
    seek_and_stay_together(page)
    hear_them_together(page)
    mute_and_solo_by_keyboard(page)
    turn_down_by_arrows(page)
    levels_outlive_a_reload(page)
    one_of_them_sounds(page)


def test_without_scripts_each_track_is_a_player(tour: Tour, visits: Visits) -> None:
    page = visits.new(EDITOR, javascript=False).page
    page.goto("/library/")
    page.get_by_role("link", name="Stems of take A, 4 tracks").click()
    expect(page.locator(".lane audio[controls]")).to_have_count(4)
    expect(page.locator(".lane-keys").first).to_be_hidden()
    page.locator("summary", has_text="Download 4 tracks").click()
    with page.expect_download() as started:
        page.get_by_role("button", name="MP3").click()
    assert started.value.suggested_filename.endswith(".zip")
