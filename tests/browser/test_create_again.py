"""The song form stays: what was sent can be sent again by one press, and only by a press that is meant."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.sessions import Visits
from tests.browser.song_forms import expect_sent

pytestmark = pytest.mark.usefixtures("free_slots")

PERSON = "rika"
LYRICS = "[Verse 1]\nThe kettle sings before I do"


def form(visits: Visits, prompt: str, **options: object) -> Page:
    page = visits.new(PERSON, **options).page
    page.goto("/create/")
    page.get_by_label("Prompt", exact=True).fill(prompt)
    return page


def jobs_of(page: Page, prompt: str) -> int:
    page.goto("/jobs/")
    return page.locator("#work [data-job]", has_text=prompt).count()


def test_create_stays_and_creates_again_by_one_press(visits: Visits) -> None:
    page = form(visits, "A tango that stays [slow]")
    page.get_by_label("Your lyrics").fill(LYRICS)
    page.get_by_role("radio", name="Ghostwriter", exact=True).check()
    page.evaluate("window.sameDocument = true; document.getElementById('id_prompt').mark = true")
    first = page.locator("#id_nonce").input_value()
    page.locator("[data-pay]").click()

    expect_sent(page)
    card = page.locator("#panel [data-job]", has_text="A tango that stays")
    expect(card).to_have_count(1)
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("A tango that stays [slow]")
    expect(page.locator("#id_lyrics")).to_have_value(LYRICS)  # also what was not sent
    assert page.evaluate("document.getElementById('id_prompt').mark"), "not even the field is another one"
    expect(page.locator("[data-pay]")).to_contain_text("Create again")
    expect(page.locator("[data-pay]")).to_be_focused()
    assert page.locator("#id_nonce").input_value() != first

    page.keyboard.down("Enter")
    for _ in range(3):  # held down: a press that goes on asks for nothing more
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    expect(card).to_have_count(2)
    expect(page.locator("[data-pay]")).to_be_enabled()
    page.locator("[data-pay]").dblclick()
    expect(card).to_have_count(3)
    page.get_by_label("Prompt", exact=True).press_sequentially("!")
    expect(page.locator("[data-pay]")).to_contain_text("Create song")
    expect(page.locator("#sent")).to_be_empty()
    assert page.evaluate("window.sameDocument")
    assert jobs_of(page, "A tango that stays") == 3


def test_a_double_click_is_one_song(visits: Visits) -> None:
    prompt = "Two clicks, one samba"
    page = form(visits, prompt)
    held: list[Route] = []
    page.route("**/create/", lambda route: held.append(route))
    pay = page.locator("[data-pay]")
    pay.dblclick()
    expect(pay).to_contain_text("Sending once")
    expect(pay).to_be_disabled()
    assert len(held) == 1
    held[0].continue_()
    page.unroute("**/create/")

    expect_sent(page)
    assert jobs_of(page, prompt) == 1


@pytest.mark.long
def test_a_double_click_without_scripts_is_one_song_too(visits: Visits) -> None:
    prompt = "Two plain clicks, one polka"
    page = form(visits, prompt, javascript=False)
    page.locator("[data-pay]").dblclick()
    expect_sent(page)

    assert jobs_of(page, prompt) == 1


@pytest.mark.long
def test_without_scripts_the_second_click_of_a_double_click_is_not_for_the_page_that_came(
    visits: Visits,
) -> None:
    page = form(visits, "A plain rumba", javascript=False)
    time = page.context.new_cdp_session(page)
    time.send("Animation.enable")
    time.send("Animation.setPlaybackRate", {"playbackRate": 0})
    button = page.locator("[data-pay]")
    box = button.bounding_box() or {}
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(*middle)
    expect_sent(page)
    page.mouse.click(*middle)
    time.send("Animation.setPlaybackRate", {"playbackRate": 10})
    assert jobs_of(page, "A plain rumba") == 1

    page.go_back()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("A plain rumba")
    page.get_by_role("button", name="Create again").click()
    expect_sent(page)
    assert jobs_of(page, "A plain rumba") == 2


@pytest.mark.long
def test_what_is_cleared_or_sent_never_comes_back(visits: Visits) -> None:
    page = form(visits, "A polka to be cleared")
    prompt, clear = page.get_by_label("Prompt", exact=True), page.get_by_role("button", name="Clear")
    clear.click()
    expect(prompt).to_have_value("")
    page.get_by_role("button", name="Undo").click()
    expect(prompt).to_have_value("A polka to be cleared")
    clear.click()
    page.reload()
    expect(prompt).to_have_value("")

    page.goto("/create/?prompt=An+example")
    expect(prompt).to_have_value("An example")
    page.locator("[data-pay]").click()
    expect_sent(page)
    page.reload()
    expect(page.locator("#panel[data-version]")).to_be_attached()
    expect(prompt).to_have_value("")
    page.get_by_role("link", name="Library").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Library")
    page.go_back()
    expect(prompt).to_have_value("")


@pytest.mark.long
def test_a_phone_says_it_beside_the_button_and_counts_in_the_tab(visits: Visits) -> None:
    page = form(visits, "A pocket waltz [slow]", size="phone")
    page.locator("[data-pay]").click()
    expect_sent(page)
    expect(page.get_by_role("link", name="See the job")).to_be_in_viewport()
    expect(page.locator("[data-running-now]:visible")).to_have_text(re.compile("1"))
    page.get_by_role("link", name="See the job").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("A pocket waltz")
