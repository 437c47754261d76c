"""WCAG 2.2 AA in forms with errors, dialogs and menus, and everything by keyboard; pages: test_every_page.py."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.axe import OF_COLOURS, RULES, findings, findings_everywhere
from tests.browser.sessions import SIZES, Visits
from tests.browser.tour import PERSON, Tour, stop_named


def test_a_form_with_errors_breaks_no_rule(tour: Tour, visits: Visits) -> None:
    visit = visits.new(PERSON, reduced_motion="reduce")
    visit.watch.expect(422)
    visit.page.goto("/create/")
    visit.page.locator("[data-pay]").click()
    expect(visit.page.locator("#id_prompt_error")).to_be_visible()

    assert findings_everywhere(visit.page) == []


def test_open_dialogs_and_a_playing_song_break_no_rule(tour: Tour, visits: Visits) -> None:
    page = visits.new(PERSON, reduced_motion="reduce").page
    tour.go(page, stop_named("library"))
    page.locator("#work [data-play]").first.click()
    expect(page.locator("#player-play")).to_have_attribute("aria-label", "Pause")
    assert findings_everywhere(page) == []
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert findings_everywhere(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("a")
    expect(page.get_by_role("option", name="Search the library")).to_be_visible()
    assert findings_everywhere(page) == []
    page.keyboard.press("Escape")
    tour.go(page, stop_named("jobs"))
    page.locator("#work").get_by_role("link", name="Cancel…").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert findings_everywhere(page) == []


@pytest.mark.parametrize("size", sorted(SIZES))
def test_a_toast_breaks_no_rule(tour: Tour, visits: Visits, size: str) -> None:
    page = visits.new(PERSON, size=size, reduced_motion="reduce").page
    tour.go(page, stop_named("account"))
    for theme, rules in (("dark", RULES), ("light", OF_COLOURS)):
        page.emulate_media(color_scheme=theme)
        page.get_by_role("button", name="Check again").first.click()
        toast = page.locator("#toasts .toast-item").first
        toast.hover()  # it stays under the pointer
        assert findings(page, rules) == []
        expect(toast).to_be_visible()


def has_focus(target: Locator) -> bool:
    return bool(target.evaluate("(element) => element === document.activeElement"))


def test_the_first_tab_leads_past_the_navigation(tour: Tour, visits: Visits) -> None:
    page = visits.new(PERSON).page
    tour.go(page, stop_named("jobs"))
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#work")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('work').contains(document.activeElement)")


def test_keys_lead_to_the_rooms(tour: Tour, visits: Visits) -> None:
    page = visits.new(PERSON).page
    tour.go(page, stop_named("library"))
    for key, room in {"j": "Jobs", "n": "New song", "l": "Library"}.items():
        page.keyboard.press(key)
        heading = page.get_by_role("heading", level=1)
        expect(heading).to_have_text(room)
        expect(heading).to_be_focused()


def test_keys_are_letters_while_somebody_writes(tour: Tour, visits: Visits) -> None:
    page = visits.new(PERSON).page
    tour.go(page, stop_named("create"))
    page.get_by_label("Prompt", exact=True).focus()
    page.keyboard.type("jungle? no, x")
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("jungle? no, x")
    expect(page.get_by_role("heading", level=1)).to_have_text("New song")


def test_space_plays_and_x_changes_the_take(tour: Tour, visits: Visits) -> None:
    page = visits.new(PERSON).page
    tour.go(page, stop_named("library"))
    play = page.locator("#player-play")
    page.locator("#work [data-play]").first.press("Enter")
    expect(play).to_have_attribute("aria-label", "Pause")
    page.keyboard.press("Space")  # the play link still has the focus
    expect(play).to_have_attribute("aria-label", "Play")
    page.keyboard.press("x")
    expect(page.get_by_role("button", name="Take B", exact=True)).to_have_attribute("aria-pressed", "true")


def test_every_stop_of_the_tab_key_is_seen(tour: Tour, visits: Visits) -> None:
    """Each element that gets the focus is in sight and looks different from when it hasn't."""
    page = visits.new(PERSON, reduced_motion="reduce").page
    tour.go(page, stop_named("create"))
    unseen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        problem = page.evaluate(UNSEEN)
        if problem:
            unseen.append(problem)
    assert unseen == []


# Looks at the focused element and all around it, with the focus and without.
UNSEEN = """
() => {
  const element = document.activeElement;
  if (element === document.body) return "";
  const look = () => {
    const styles = [];
    for (let each = element; each && each.id !== "app"; each = each.parentElement) styles.push(each);
    if (element.nextElementSibling) styles.push(element.nextElementSibling);
    return styles.map(getComputedStyle).map((s) => `${s.outline} ${s.boxShadow} ${s.borderColor}`).join();
  };
  const box = element.getBoundingClientRect();
  const name = `${element.tagName} ${element.id || element.textContent.trim().slice(0, 30)}`;
  if (box.bottom < 0 || box.top > innerHeight || !box.width) return `${name}: not in sight`;
  const focused = look();
  element.blur();
  const blurred = look();
  element.focus({ focusVisible: true });
  return focused === blurred ? `${name}: no ring` : "";
}
"""


# Or at the browser's own controls, which come after the last and before the first.
IN_DIALOG = """
() => document.activeElement === document.body || Boolean(document.activeElement.closest("dialog[open]"))
"""


def test_a_dialog_keeps_the_focus_and_gives_it_back(tour: Tour, visits: Visits) -> None:
    page = visits.new(PERSON).page
    tour.go(page, stop_named("jobs"))
    opener = page.locator("#work").get_by_role("link", name="Cancel…").first
    opener.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_have_accessible_name("Cancel this song?")
    for _ in range(8):
        page.keyboard.press("Tab")
        assert page.evaluate(IN_DIALOG)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(opener).to_be_focused()


def test_the_list_of_keys_closes_with_escape(tour: Tour, visits: Visits) -> None:
    page = visits.new(PERSON).page
    tour.go(page, stop_named("create"))
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_have_accessible_name("Shortcuts")
    expect(dialog).to_contain_text(re.compile("play, pause"))
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
