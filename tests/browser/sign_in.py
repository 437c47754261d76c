"""Coming in by a one-time link: signing in, and setting the first password."""

from playwright.sync_api import Page, expect

PASSWORD = "a ferry at four in the morning"


def sign_in_first(page: Page, link: str) -> None:
    sign_in(page, link)
    set_password(page)


def sign_in(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("h1").first).to_be_visible()


def set_password(page: Page) -> None:
    """For somebody who has one already there is nothing to do."""
    if "/auth/password/set/" not in page.url:
        return
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password (again)").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.locator("#app").wait_for()


def confirm_password(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm your password")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
