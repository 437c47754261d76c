"""Flow Music accounts and what they spent, with the mouse put away."""

import pytest
from playwright.sync_api import expect

from tests.browser.sessions import Visits


@pytest.mark.long
def test_an_account_is_connected_and_its_usage_read_and_walked_through_by_keyboard(visits: Visits) -> None:
    page = visits.new("lena", reduced_motion="reduce").page
    page.goto("/flow-accounts/")
    page.get_by_role("link", name="Add an account").press("Enter")
    page.get_by_label("Refresh token").fill("sandbox-refresh-velvet")
    page.get_by_label("Refresh token").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("velvet@sandbox.example")
    expect(page.get_by_role("status").filter(has_text="is connected")).to_be_visible()

    page.locator("#work").get_by_role("link", name="Usage").press("Enter")
    read = page.get_by_role("button", name="Read now")
    expect(page.get_by_role("heading", level=1)).to_have_text("Usage")
    expect(read).to_be_visible()  # what was asked for when it was connected is read
    page.locator("#usage-live").evaluate("(part) => { part.dataset.former = 'yes' }")
    read.press("Enter")
    expect(page.locator("#usage-live:not([data-former])")).to_be_visible()
    expect(page.locator(".usage-reading .spinner")).to_have_count(0)  # by itself, when the worker has asked
    expect(page.get_by_text("Read from Flow Music")).to_be_visible()

    columns = page.locator("[data-columns] .column")
    expect(columns).to_have_count(30)
    page.locator("summary", has_text="Show as a table").focus()
    page.keyboard.press("Shift+Tab")
    expect(columns.last).to_be_focused()
    expect(columns.last.locator(".tip")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(columns.nth(28)).to_be_focused()
    expect(columns.last.locator(".tip")).to_be_hidden()
    page.keyboard.press("Home")
    expect(columns.first).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(columns.first).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("summary", has_text="Show as a table")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("table").first.get_by_role("row")).to_have_count(31)
