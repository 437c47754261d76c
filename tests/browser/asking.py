"""Asking for songs through the form."""

from playwright.sync_api import Page, expect


def ask(page: Page, prompt: str, *, count: int = 1, account: str = "", lyrics: str = "") -> None:
    """From anywhere; ends on the jobs page."""
    page.goto("/create/")
    page.get_by_label("How should it sound?").fill(prompt)
    page.get_by_label("Your words").fill(lyrics)
    page.get_by_label("Runs on").select_option(account)
    page.get_by_role("spinbutton", name="Songs").fill(str(count))
    page.locator("[data-pay]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Jobs")
