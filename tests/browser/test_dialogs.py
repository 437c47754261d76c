"""A dialog closes by Esc, by Cancel and by a press beside it, and nothing is done."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.sessions import Visits


def open_dialog(page: Page) -> Locator:
    rename = page.get_by_role("link", name="Rename…")
    if not rename.is_visible():
        page.get_by_label("More for this collection").click()
    rename.click()
    dialog = page.locator("#ask-dialog")
    expect(dialog).to_be_visible()
    dialog.get_by_label("Name").fill("Another name")
    return dialog


def test_three_ways_out(visits: Visits) -> None:
    page = visits.new("dora").page
    page.goto("/library/collections/")
    page.get_by_label("Name of a new collection").fill("Harbour EP")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Harbour EP")

    dialog = open_dialog(page)
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    dialog = open_dialog(page)
    dialog.get_by_role("link", name="Cancel").click()
    expect(dialog).not_to_be_visible()
    open_dialog(page)
    page.mouse.click(5, 5)
    expect(dialog).not_to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Harbour EP")


@pytest.mark.long
def test_a_name_that_is_wrong_stays_in_its_field(visits: Visits) -> None:
    visit = visits.new("dina")
    visit.watch.expect(422)
    page = visit.page
    page.goto("/library/collections/")
    page.get_by_label("Name of a new collection").fill("Harbour EP")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Harbour EP")
    page.goto("/library/collections/")
    page.get_by_label("Name of a new collection").fill("Harbour EP")
    page.keyboard.press("Enter")
    expect(page.locator("#new-wrong")).to_be_visible()
    expect(page.get_by_label("Name of a new collection")).to_have_value("Harbour EP")
