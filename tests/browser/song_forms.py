"""Creating songs and edits through their forms."""

from playwright.sync_api import Page, expect


def expect_sent(page: Page) -> None:
    """The song form stays, and says so."""
    expect(page.locator("#sent")).to_contain_text("queued", ignore_case=True)


def create_song(page: Page, prompt: str, *, count: int = 1, account: str = "", lyrics: str = "") -> None:
    """From anywhere; ends on the jobs page."""
    page.goto("/create/")
    page.get_by_label("Prompt", exact=True).fill(prompt)
    page.get_by_label("Your lyrics").fill(lyrics)
    page.get_by_label("Account", exact=True).select_option(account)
    page.get_by_role("spinbutton", name="Songs").fill(str(count))
    page.locator("[data-pay]").click()
    expect_sent(page)
    page.goto("/jobs/")


def split(page: Page, take: str) -> None:
    """The take of that address into its stems; ends on its mixer, with all of them saved."""
    page.goto(f"{take}edit/stems/")
    page.locator("#work [data-pay]").click()
    page.wait_for_url(f"**{take}edit/stems/?from=*")
    page.goto(f"{take}stems/")
    expect(page.locator(".lane audio")).to_have_count(4, timeout=120_000)


def cover(page: Page, take: str) -> str:
    """A cover of the take of that address. Returns its own."""
    page.goto(f"{take}edit/cover/")
    page.locator("#work textarea[name=instruction]").fill("bossa nova, nylon guitar")
    page.locator("#work [data-pay]").click()
    page.wait_for_url(f"**{take}edit/cover/?from=*")
    page.goto("/library/?kind=cover")
    made = page.locator("#work .take-open")
    while not made.count():
        page.wait_for_timeout(500)
        page.reload()
    return str(made.get_attribute("href"))
