"""The password is asked for again, and what was pressed or typed is done: with scripts, and without."""

import pytest
from playwright.sync_api import expect

from tests.browser.sessions import Visits
from tests.browser.sign_in import confirm_password


@pytest.mark.parametrize("javascript", [True, pytest.param(False, marks=pytest.mark.long)])
def test_an_address_that_was_typed_is_added_after_the_password(visits: Visits, javascript: bool) -> None:
    page = visits.new("rosa" if javascript else "ruth", javascript=javascript).page
    page.goto("/auth/email/")
    page.get_by_label("Another address").fill(f"new{javascript}@home.example".lower())
    page.get_by_role("button", name="Add", exact=True).click()
    confirm_password(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your addresses")
    expect(page.get_by_label(f"new{javascript}@home.example".lower())).to_be_visible()
    page.goto("/settings/tokens/")
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("is erased.").first).to_be_visible()  # asked once in ten minutes


@pytest.mark.long
def test_cancel_leads_back_and_nothing_is_done(visits: Visits) -> None:
    page = visits.new("rita").page
    page.goto("/settings/tokens/")
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm your password")
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Remove token")
    page.goto("/settings/tokens/")
    expect(page.locator("[data-token]")).to_have_count(1)
