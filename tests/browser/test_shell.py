"""What stands around every page: the palette, the search key, the news, the menu."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.sessions import Visits
from tests.browser.tour import PERSON, Tour, stop_named


def test_the_palette_by_keyboard(tour: Tour, visits: Visits) -> None:
    page = visits.new(PERSON).page
    tour.go(page, stop_named("jobs"))
    field = page.get_by_role("combobox", name="Song, collection, page or command")
    chosen = page.locator("#palette [aria-selected=true]")
    page.keyboard.press("Control+k")
    expect(field).to_be_focused()
    expect(chosen).to_have_text("New songn")
    page.keyboard.press("ArrowUp")  # around the end
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(chosen).to_have_text("Library")
    expect(field).to_have_attribute("aria-activedescendant", str(chosen.get_attribute("id")))
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).not_to_be_visible()

    page.keyboard.press("Control+k")
    page.keyboard.type("theme")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
    page.keyboard.press("Control+k")
    page.keyboard.type("muted trum")
    expect(page.get_by_role("group", name="Songs").get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#palette")).not_to_be_visible()
    expect(page).to_have_url(re.compile("/library/clips/"))


def test_slash_leads_to_the_search(tour: Tour, visits: Visits) -> None:
    page = visits.new(PERSON).page
    tour.go(page, stop_named("jobs"))
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("trumpet")
    page.locator("#work h1").click()
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()


def press(page: Page, key: str, code: str, *, modifiers: int = 0) -> None:
    """A key as another layout gives it: what it writes, and where it is on the board."""
    session = page.context.new_cdp_session(page)
    event = {"key": key, "code": code, "modifiers": modifiers}
    session.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **event})
    session.send("Input.dispatchKeyEvent", {"type": "keyUp", **event})
    session.detach()


def test_shortcuts_work_on_every_layout_and_with_caps_lock(tour: Tour, visits: Visits) -> None:
    page = visits.new(PERSON).page
    tour.go(page, stop_named("jobs"))
    for key, code, heading in (
        ("т", "KeyN", "New song"),
        ("о", "KeyJ", "Jobs"),
        ("L", "KeyL", "Library"),  # Caps Lock, without Shift
        ("ξ", "KeyJ", "Jobs"),
    ):
        press(page, key, code)
        expect(page).to_have_title(re.compile(f"^{heading}"))
        expect(page.locator("#work h1")).to_be_focused()
    press(page, "л", "KeyK", modifiers=2)
    expect(page.locator("#palette")).to_be_visible()
    page.keyboard.press("Escape")
    press(page, ".", "Slash")
    expect(page.locator("[data-search]")).to_be_focused()
    press(page, "о", "KeyJ")  # who writes is not led away
    expect(page).to_have_title(re.compile("^Library"))


def test_times_are_in_the_zone_of_the_browser(tour: Tour, visits: Visits) -> None:
    page = visits.new(PERSON, timezone_id="Asia/Tokyo").page
    tour.go(page, stop_named("jobs"))
    page.goto("/library/")
    shown = page.locator("#work .song time").first
    local = page.evaluate(
        "(at) => new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })",
        shown.get_attribute("datetime"),
    )
    expect(shown).to_have_text(local)
    expect(shown).to_have_attribute("datetime", re.compile(r"\+09:00$"))


def test_news_leave_by_escape_and_stay_under_the_pointer(tour: Tour, visits: Visits) -> None:
    page = visits.new(PERSON).page
    page.clock.install()
    tour.go(page, stop_named("account"))
    page.get_by_role("button", name="Check again").first.click()
    news = page.locator("#toasts .toast-item")
    expect(news).to_contain_text("Checked")
    expect(page.locator("#app [data-toast]")).to_have_count(0)
    news.hover()
    page.clock.run_for(20_000)
    expect(news).to_be_visible()
    page.keyboard.press("Escape")
    expect(news).to_have_count(0)

    page.get_by_role("button", name="Check again").first.click()
    expect(news).to_have_count(1)
    page.mouse.move(400, 300)
    page.clock.run_for(9_000)
    expect(news).to_have_count(0)


def test_without_scripts_news_stand_at_the_top_and_the_menu_leads_everywhere(
    tour: Tour, visits: Visits
) -> None:
    page = visits.new(PERSON, javascript=False, size="phone").page
    page.goto(stop_named("account").address)
    page.get_by_role("button", name="Check again").first.click()
    expect(page.locator("#work [data-toast]")).to_contain_text("Checked")
    page.locator(".nav-foot summary").click()
    page.get_by_role("link", name="API tokens").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("API tokens")


@pytest.mark.long
def test_a_page_takes_presses_from_the_moment_it_is_shown(visits: Visits) -> None:
    """A link that htmx doesn't know yet would be a visit of the browser's own, and end what plays."""
    page = visits.new(PERSON).page
    page.goto("/library/")
    page.evaluate(
        """() => {
            window.samePage = true;
            document.addEventListener("htmx:afterSwap", (event) => {
                const jobs = location.pathname !== "/jobs/" && event.target.querySelector("a[href='/jobs/']");
                if (event.target.id === "app" && jobs) setTimeout(() => jobs.click());
            });
        }"""
    )
    page.locator("#app").get_by_role("link", name="Collections").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Jobs")
    assert page.evaluate("window.samePage") is True
