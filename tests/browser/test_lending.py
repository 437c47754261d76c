"""Two people in a team: one lends a token, the other creates with it, until it is not lent any more."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.sessions import Visits
from tests.browser.sign_in import confirm_password


@pytest.mark.long  # test_team_story.py has the usual way
def test_a_token_is_lent_to_one_person_and_no_longer(visits: Visits) -> None:
    lender, borrower = visits.new("lena", size="phone").page, visits.new("bo").page
    borrower.goto("/create/")
    expect(borrower.get_by_role("heading", level=1)).to_contain_text("Add an API token")
    lend(lender)

    borrower.goto("/create/")
    expect(borrower.locator("#work")).to_contain_text("Lena’s token pays, 40 of 40 credits left this month")
    borrower.get_by_label("Prompt", exact=True).fill("Harbour waltz, accordion, 84 bpm [slow]")
    borrower.locator("#work [data-pay]").click()
    expect(borrower.locator("#sent")).to_contain_text("Queued")
    expect(borrower.locator("#payer-line")).to_contain_text("35 of 40 credits left")

    lender.goto("/settings/tokens/")
    expect(lender.locator(".token-lending")).to_contain_text("5 of 40 credits this month")
    lender.get_by_role("link", name="Stop lending…").click()
    expect(lender.get_by_role("dialog")).to_contain_text("What they have queued with it continues")
    lender.get_by_role("dialog").get_by_role("button", name="Stop lending").click()
    expect(lender.locator(".token-lending")).to_contain_text("Not lent")
    borrower.goto("/create/")
    expect(borrower.get_by_role("heading", level=1)).to_contain_text("Add an API token")
    visits.site.clear()


def lend(page: Page) -> None:
    """To one person, found by keyboard and screen reader alike: the names appear with the choice."""
    page.goto("/settings/tokens/")
    page.get_by_role("link", name="Lend to the team…").click()
    page.get_by_label("Credits a month, at most").fill("40")
    expect(page.get_by_label("Bo", exact=True)).to_be_hidden()
    page.get_by_label("Only these people").check()
    page.get_by_label("Bo", exact=True).check()
    page.get_by_role("button", name="Lend", exact=True).click()
    confirm_password(page)
    expect(page.locator(".token-lending")).to_contain_text("Lent to Bo for everything")
