"""What people do with takes, by keyboard alone, and again without JavaScript."""

import re
import zipfile

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.axe import findings_everywhere
from tests.browser.sessions import SIZES, Visits
from tests.browser.sign_in import confirm_password
from tests.browser.site import Site
from tests.browser.song_forms import create_song

pytestmark = pytest.mark.usefixtures("free_slots")

PERSON = "nora"
NEXT = "Other downloads are on their way. Yours is the next one."
FOCUSED = "() => document.activeElement.ariaLabel || document.activeElement.innerText.trim()"


def make_songs(page: Page, site: Site) -> None:
    for prompt in ("Harbour choir at dawn [short]", "Muted trumpet, whistled hook [short]"):
        create_song(page, prompt)
    site.finish_until(page.locator("#work [data-job][data-state=completed]").nth(1))
    page.goto("/library/")
    expect(page.locator("#work .take")).to_have_count(4)


@pytest.fixture
def library(visits: Visits, site: Site) -> Page:
    page = visits.new(PERSON, reduced_motion="reduce").page
    make_songs(page, site)
    return page


def news(page: Page, words: str) -> Locator:
    item = page.locator(".toast-item", has_text=words)
    expect(item).to_be_visible()
    return item


def breaks_no_rule(page: Page) -> None:
    assert findings_everywhere(page) == []
    page.set_viewport_size(dict(zip(("width", "height"), SIZES["desktop"], strict=True)))


def box(page: Page, number: int) -> Locator:
    return page.locator(".take-check input").nth(number)


def undo(page: Page, words: str) -> None:
    news(page, words).get_by_role("button", name="Undo").press("Enter")


@pytest.mark.long
def test_everything_is_done_by_keyboard(library: Page, visits: Visits) -> None:
    every_control_is_reached(library)
    mark_as_favourite(library)
    select_takes(library)
    add_to_collection(library)
    move_in_collection(library)
    download_selection(library)
    delete_takes(library)
    tags_and_names(library)
    nothing_needs_scripts(visits)


def every_control_is_reached(page: Page) -> None:
    box(page, 0).focus()
    reached = []
    for _ in range(5):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))
    for control in ("Play take A", "Open take A", "Favourite: take A", "More for take A", "Choose take B"):
        assert any(control in name for name in reached), f"{control}: {reached}"


def mark_as_favourite(page: Page) -> None:
    button = page.locator(".take .favourite-button").first
    button.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_be_focused()
    expect(button.locator(".favourite-count")).to_have_text("1")


def select_takes(page: Page) -> None:
    strip = page.locator("#selection")
    expect(strip).to_be_hidden()
    box(page, 0).press("Space")
    expect(strip.locator("[data-chosen-count]")).to_have_text("1")
    page.keyboard.press("Control+a")
    expect(strip.locator("[data-chosen-count]")).to_have_text("4")
    expect(strip.locator("[data-chosen-length]")).to_have_text(re.compile(r"\d:\d\d"))
    page.keyboard.press("Escape")
    expect(strip).to_be_hidden()
    box(page, 0).check()
    box(page, 2).click(modifiers=["Shift"])
    expect(strip.locator("[data-chosen-count]")).to_have_text("3")


def add_to_collection(page: Page) -> None:
    page.locator("#selection summary[title='Add to collection']").press("Enter")
    expect(page.get_by_role("textbox", name="New collection")).to_be_focused()
    page.keyboard.type("Harbour EP")
    page.keyboard.press("Enter")
    news(page, "3 takes added to “Harbour EP”.")
    expect(page.locator("#selection")).to_be_hidden()


def move_in_collection(page: Page) -> None:
    page.goto("/library/collections/")
    page.get_by_role("link", name="Harbour EP").last.press("Enter")
    items = page.locator(".collection-item")
    expect(items).to_have_count(3)
    first = str(items.first.get_attribute("data-clip"))
    items.first.get_by_role("button", name=re.compile("down")).press("Enter")
    expect(items.nth(1)).to_have_attribute("data-clip", first)
    expect(page.locator(f"#down-{first}")).to_be_focused()
    page.keyboard.press("Enter")
    expect(items.nth(2)).to_have_attribute("data-clip", first)
    expect(page.locator(f"#up-{first}")).to_be_focused()  # further down it doesn't go
    items.nth(2).locator(".collection-grip").drag_to(items.first)
    expect(items.first).to_have_attribute("data-clip", first)
    items.first.get_by_role("button", name="from the collection").press("Enter")
    expect(items).to_have_count(2)
    undo(page, "Removed from “Harbour EP”.")
    expect(items.first).to_have_attribute("data-clip", first)


def download_selection(page: Page) -> None:
    """The page stays, and with it what plays."""
    page.evaluate("window.samePage = true")
    box(page, 0).focus()
    page.keyboard.press("Control+a")
    page.locator("#selection summary[title=Download]").press("Enter")
    breaks_no_rule(page)
    crowded(page, times=2)
    with page.expect_download() as coming:
        page.get_by_role("button", name="MP3").press("Enter")
        news(page, NEXT)
    expect(page.locator(".toast-item", has_text=NEXT)).to_have_count(0)
    with zipfile.ZipFile(coming.value.path()) as archive:
        assert archive.testzip() is None
        assert [name[-4:] for name in archive.namelist()] == [".mp3"] * 3
    assert page.evaluate("window.samePage")
    expect(page.locator("#selection summary[title=Download]")).to_be_focused()
    expect(page.get_by_role("button", name="MP3")).to_be_hidden()
    page.get_by_role("button", name="Clear").press("Enter")
    expect(page.locator("#selection")).to_be_hidden()


def crowded(page: Page, times: int) -> None:
    """As many downloads as may be go on, until it was asked so often. Filling them really takes files of an hour."""
    left = [202] * times

    def answer(route: Route) -> None:
        if left:
            route.fulfill(status=left.pop(), body=NEXT)
        else:
            route.continue_()

    page.route("**/library/downloads/ready/", answer)


def delete_takes(page: Page) -> None:
    page.goto("/library/")
    takes = page.locator("#work .take")
    takes.first.locator(".take-menu").press("Enter")
    takes.first.get_by_role("button", name="Delete").press("Enter")
    expect(takes).to_have_count(3)
    page.goto("/library/trash/")
    breaks_no_rule(page)
    page.get_by_role("button", name="Restore").press("Enter")
    news(page, "is back in the library.")
    page.goto("/library/")
    takes.first.locator(".take-menu").press("Enter")
    takes.first.get_by_role("button", name="Delete").press("Enter")
    undo(page, "1 take moved to the trash.")
    expect(takes).to_have_count(4)
    news(page, "1 take restored.")


def menu_by_keyboard(page: Page, song: Locator) -> None:
    """It comes when it is opened, with the focus on its button; Escape closes it, and then it is there."""
    song.locator(".take-menu").first.press("Enter")
    button = song.locator(".take-menu summary").first
    expect(button).to_be_focused()
    page.keyboard.press("Escape")
    expect(song.get_by_role("link", name="Rename…")).to_be_hidden()
    expect(button).to_be_focused()
    page.keyboard.press("Enter")


def tags_and_names(page: Page) -> None:
    song = page.locator("#work .song").first
    menu_by_keyboard(page, song)
    song.get_by_role("link", name="Rename…").first.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name of the song").fill("Low Tide Radio")
    page.keyboard.press("Enter")
    expect(page.locator("#work .song h3").first).to_contain_text("Low Tide Radio")
    page.locator("#work .take-open").first.press("Enter")
    page.get_by_label("Tags to add").fill("late night, demo")
    page.keyboard.press("Enter")
    expect(page.locator(".tag-chip")).to_have_count(2)
    page.get_by_role("button", name="Remove the tag demo").press("Enter")
    expect(page.locator(".tag-chip")).to_have_count(1)
    undo(page, "“demo” removed from")
    expect(page.locator(".tag-chip")).to_have_count(2)


def nothing_needs_scripts(visits: Visits) -> None:
    page = visits.new(PERSON, javascript=False).page
    page.goto("/library/")
    first = page.locator("#work .take").first
    expect(page.locator("#selection")).to_be_visible()
    first.locator(".favourite-button").click()
    expect(first.locator(".favourite-button")).to_have_attribute("aria-pressed", "false")
    box(page, 0).check()
    page.locator("#selection summary[title=Tag]").click()
    page.get_by_label("Tags, separated by commas").fill("rain")
    page.keyboard.press("Enter")
    expect(page.locator(".notice")).to_contain_text("1 take tagged: rain.")
    first.locator(".take-menu").click()
    page.get_by_role("link", name="Add to collection…").click()
    page.get_by_role("button", name="Harbour EP").click()
    expect(page.locator(".notice")).to_contain_text("Harbour EP")
    box(page, 0).check()
    page.locator("#selection").get_by_role("button", name="Delete").click()
    expect(page.locator("#work .take")).to_have_count(3)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#work .take")).to_have_count(4)
    box(page, 0).check()
    page.locator("#selection").get_by_role("button", name="Delete").click()
    page.goto("/library/trash/")
    page.get_by_role("link", name="Delete for good…").click()
    page.get_by_role("button", name="Delete for good").click()
    confirm_password(page)
    expect(page.get_by_role("heading", name="The trash is empty.")).to_be_visible()
