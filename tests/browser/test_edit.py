"""Edits in the browser: what is chosen on the waveform, in lines and in figures is one thing; sliders; a remix."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import player_sound
from tests.browser.sessions import Visits
from tests.browser.site import Site
from tests.browser.song_forms import create_song
from tests.browser.test_clip import LYRICS

pytestmark = pytest.mark.usefixtures("free_slots")

PERSON, OTHER = "edda", "edgar"  # whose newest song is the one that was just made
TOOLS = {
    "replace": "Replace this section",
    "extend": "Extend this take",
    "cover": "Cover of this take",
    "remix": "Remix with other lyrics",
    "effect": "Effects",
    "stems": "Split into stems",
}
# By size of the window; between them the drawer changes from a column to a sheet from below.
SIZES = ((1440, 900), (1024, 768), (390, 844))
OTHER_SIZES = ((1920, 1080), (1200, 700), (960, 600), (768, 1024), (360, 640))
# Nothing lies over the middle of it, and no scroll is needed to see it.
IS_ON_TOP = """
(button) => {
  const { left, top, width, height } = button.getBoundingClientRect();
  return button.contains(document.elementFromPoint(left + width / 2, top + height / 2));
}
"""
SPLIT = re.compile(r"^Split")


def open_take_a(page: Page, site: Site) -> str:
    create_song(page, "Slow soul, organ, a warm voice, 76 bpm", lyrics=LYRICS)
    site.finish_until(page.locator("#work [data-job]").first.get_by_role("link", name="Take A"))
    page.goto("/library/")
    page.locator("#work .take-open").first.click()
    expect(page.get_by_role("slider", name="Position in take A")).to_be_visible()
    return page.url


def the_pay_button_is_in_view(page: Page, address: str, sizes: tuple[tuple[int, int], ...]) -> None:
    """Of every tool, at every size, as the address of the tool is opened; the waveform is seen beside or above it."""
    for operation, heading in TOOLS.items():
        for width, height in sizes:
            page.set_viewport_size({"width": width, "height": height})
            page.goto(f"{address}edit/{operation}/")
            expect(page.get_by_role("heading", name=heading)).to_be_visible()
            box = page.locator("#tool [data-pay]").bounding_box()
            assert box
            inside = (
                box["x"] >= 0,
                box["y"] >= 0,
                box["x"] + box["width"] <= width,
                box["y"] + box["height"] <= height,
            )
            assert all(inside), (operation, width, height, box)
            assert page.locator("#tool [data-pay]").evaluate(IS_ON_TOP), (operation, width, height)
            expect(page.locator("[data-wave]")).to_be_in_viewport(ratio=0.8)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(address)


def close_and_open_again(page: Page) -> None:
    """By Escape, by its button, by another tool: what was typed is there again, and the focus returns."""
    field = page.get_by_label("In which style?")
    open_tool(page, "Cover", "Cover of this take")
    field.fill("Bossa nova on nylon strings")
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Cover", exact=True)).to_be_focused()
    expect(page.locator("#tool")).to_be_hidden()
    expect(page.locator(".tools [aria-current]")).to_have_count(0)
    open_tool(page, "Extend", "Extend this take")
    expect(page.locator(".tools [aria-current]")).to_have_text("Extend")
    open_tool(page, "Cover", "Cover of this take")
    expect(field).to_have_value("Bossa nova on nylon strings")
    page.get_by_role("link", name="Close this tool").click()
    expect(page.get_by_role("link", name="Cover", exact=True)).to_be_focused()
    page.go_back()
    expect(field).to_have_value("Bossa nova on nylon strings")
    field.fill("")
    page.keyboard.press("Escape")
    expect(page.locator("#tool")).to_be_hidden()


def open_tool(page: Page, name: str, heading: str) -> None:
    """Beside the waveform: the rest of the page stays as it is."""
    page.evaluate("document.querySelector('.clip-head').dataset.stays = 'yes'")
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=heading)).to_be_focused()
    expect(page.locator(".clip-head[data-stays]")).to_be_visible()


def seconds(field: Locator) -> float:
    minutes, rest = field.input_value().split(":")
    return int(minutes) * 60 + float(rest)


def drag(page: Page, start: float, end: float) -> None:
    """Over the waveform, from share to share of it."""
    box = page.locator("[data-wave]").bounding_box()
    assert box
    y = box["y"] + box["height"] / 3
    page.mouse.move(box["x"] + box["width"] * start, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * (start + end) / 2, y)
    page.mouse.move(box["x"] + box["width"] * end, y)
    page.mouse.up()


def choose_a_section(page: Page) -> None:
    """By drag, by grips and keyboard, by lines, by figures: one changes all."""
    start, end = page.get_by_label("From", exact=True), page.get_by_label("To", exact=True)
    length = float(page.locator("#edit").get_attribute("data-length") or 0)
    drag(page, 0.5, 0.25)
    assert seconds(start) == pytest.approx(length / 4, abs=0.3)
    assert seconds(end) == pytest.approx(length / 2, abs=0.3)
    first, last = (
        page.get_by_role("slider", name="Start of the part"),
        page.get_by_role("slider", name="End of the part"),
    )
    before = seconds(start)
    first.press("ArrowRight")
    assert seconds(start) == pytest.approx(before + 0.1, abs=0.05)
    last.press("Shift+ArrowRight")
    last.press("End")
    assert seconds(end) == pytest.approx(length, abs=0.1)
    first.press("End")  # never past the other one
    assert seconds(start) < seconds(end)
    line = page.get_by_role("link", name="and all the lamps are on").first
    line.press("Enter")
    page.get_by_role("link", name="Stay, stay, the train is late").first.click()
    assert seconds(start) == pytest.approx(float(line.get_attribute("data-from") or 0), abs=0.1)
    expect(page.locator(".line.is-chosen")).to_have_count(3)
    assert player_sound.sounding(page) == ""  # a line was chosen, not heard
    expect(first).to_have_attribute("aria-valuetext", start.input_value())
    end.fill("11,5")
    expect(page.locator("[data-chosen-place]")).to_contain_text("–0:11.5")
    page.get_by_role("button", name="Fit to lines").click()
    lines = [each.get_attribute("data-to") or "0" for each in page.locator(".line[data-to]").all()]
    assert min(abs(float(to) - seconds(end)) for to in lines) < 0.11


def hear_just_the_section(page: Page) -> None:
    start, end = page.get_by_label("From", exact=True), page.get_by_label("To", exact=True)
    start.fill("0:02.0")
    end.fill("0:03.5")
    page.get_by_role("button", name="Preview").click()
    player_sound.wait_until_past(page, 2.0)
    player_sound.assert_audible(page)
    page.wait_for_function("() => document.getElementById('player-audio').paused")
    assert player_sound.place(page) == pytest.approx(3.5, abs=0.3)
    expect(page.get_by_role("button", name="Preview")).to_be_visible()


def set_an_effect(page: Page) -> None:
    """The chosen one's controls alone; slider and figure are one thing; a trim is chosen on the waveform."""
    open_tool(page, "Effects", "Effects")
    expect(page.get_by_role("slider", name="Room size")).to_be_visible()
    expect(page.get_by_role("slider", name="Gain")).to_be_hidden()
    page.get_by_role("radio", name="Gain").check()
    slider, figure = page.get_by_role("slider", name="Gain"), page.get_by_role("textbox", name="Gain")
    expect(page.get_by_role("slider", name="Room size")).to_be_hidden()
    slider.press("ArrowRight")
    expect(figure).to_have_value("3.5")
    figure.fill("-12")
    expect(slider).to_have_value("-12")
    expect(slider).to_have_attribute("aria-valuetext", "-12 dB")
    expect(page.locator("[data-pay-label]")).to_have_text("Apply Gain")
    expect(page.locator("#work .wave-mark")).to_have_count(0)
    page.get_by_role("radio", name="Trim").check()
    expect(page.get_by_role("slider", name="End of the part")).to_be_visible()


def extend_from_a_point(page: Page) -> None:
    open_tool(page, "Extend", "Extend this take")
    point, length = page.get_by_label("From", exact=True), page.locator("[data-new-length]")
    expect(point).to_have_value("")
    page.get_by_role("slider", name="Where it continues from").press("Home")
    expect(point).to_have_value("0:00.0")
    page.get_by_role("textbox", name="Seconds to add").fill("30")
    expect(length).to_have_text("0:30")
    expect(page.locator("[data-pay-label]")).to_have_text("Extend by 0:30")


def remix_the_words(page: Page) -> None:
    """What changes is shown while it is written; what was written is there again later."""
    open_tool(page, "Remix", "Remix with other lyrics")
    words = page.get_by_role("textbox", name="Lyrics", exact=True)
    words.fill(words.input_value().replace("The kettle sings", "The radio sings", 1))
    expect(page.locator("#changes del").first).to_have_text("The kettle sings before I do")
    expect(page.locator("#changes ins").first).to_have_text("The radio sings before I do")
    page.reload()
    expect(page.get_by_role("textbox", name="Lyrics", exact=True)).to_have_value(
        re.compile("The radio sings")
    )
    expect(page.locator("[data-draft-line]")).to_contain_text("is restored")


def pay_once(page: Page) -> None:
    """What was missing is said beside its field, and nothing that was typed is lost; then it is queued, once."""
    page.get_by_role("link", name="Replace", exact=True).click()
    page.get_by_label("To", exact=True).fill("9:00")
    page.get_by_role("button", name=re.compile("^Replace")).click()
    expect(page.get_by_label("To", exact=True)).to_be_focused()
    expect(page.locator("#id_mask_end_s_error")).to_contain_text("The take ends at")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Replace", exact=True).click()
    expect(page.get_by_label("To", exact=True)).to_have_value("9:00")
    page.get_by_label("To", exact=True).fill("0:12.0")
    page.get_by_label("What should happen here?").fill("Softer, only piano")
    page.get_by_role("button", name=re.compile("^Replace")).dblclick()
    expect(page.locator("#toasts")).to_contain_text("Queued: Replace")


def pay_again(page: Page, site: Site) -> None:
    """The form stays with the focus on its button, the panel has the job; the end of a double click reaches nothing."""
    again = page.get_by_role("button", name=re.compile("^Replace .* again"))
    expect(again).to_be_focused()
    expect(page.get_by_label("What should happen here?")).to_have_value("Softer, only piano")
    expect(page.locator("#panel [data-job]", has_text="Replace")).to_have_count(1)
    toast, drawer, box = (
        each.bounding_box() for each in (page.locator("#toasts"), page.locator("#tool"), again)
    )
    assert toast
    assert drawer
    assert box
    assert toast["x"] + toast["width"] <= drawer["x"]  # it stands beside the drawer, and covers nothing of it
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down(click_count=2)
    page.mouse.up(click_count=2)
    expect(again).to_be_enabled()
    again.press("Enter")
    expect(page.locator("#panel [data-job]", has_text="Replace")).to_have_count(2)
    expect(again).to_be_focused()
    page.get_by_label("What should happen here?").fill("Softer still")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")  # the first one closed the toasts
    page.get_by_role("link", name="Replace", exact=True).click()
    expect(page.get_by_label("What should happen here?")).to_have_value("Softer still")
    page.goto("/jobs/")
    expect(page.locator("#work [data-job]", has_text="Replace")).to_have_count(2)
    site.finish_until(page.locator("#work [data-job][data-state=completed]", has_text="Replace").nth(1))


def test_edits_of_a_take(visits: Visits, site: Site) -> None:
    visit = visits.new(PERSON)
    visit.watch.expect(422)
    page = visit.page
    address = open_take_a(page, site)
    the_pay_button_is_in_view(page, address, SIZES)
    close_and_open_again(page)
    open_tool(page, "Replace", "Replace this section")
    choose_a_section(page)
    hear_just_the_section(page)
    set_an_effect(page)
    extend_from_a_point(page)
    remix_the_words(page)
    pay_once(page)
    pay_again(page, site)


def edit_on_a_phone(page: Page) -> None:
    page.get_by_role("link", name="Replace", exact=True).tap()
    expect(page.get_by_role("slider", name="Start of the part")).to_be_in_viewport()
    before = page.get_by_label("To", exact=True).input_value()
    drag(page, 0.6, 0.9)
    assert page.get_by_label("To", exact=True).input_value() != before
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def edit_without_scripts(plain: Page, address: str) -> None:
    plain.goto(address)
    plain.get_by_role("link", name="Effects", exact=True).click()
    plain.get_by_role("radio", name="Pan").check()
    plain.get_by_role("textbox", name="Pan").fill("-0.5")
    plain.get_by_role("button", name=re.compile("^Apply")).click()
    expect(plain.locator("#work")).to_contain_text("Queued: Effect Pan")
    expect(plain.get_by_role("textbox", name="Pan")).to_have_value("-0.5")
    plain.get_by_role("link", name="Stems", exact=True).click()
    expect(plain.get_by_role("button", name=SPLIT)).to_contain_text("credits")


@pytest.mark.long
def test_edits_on_a_phone_and_without_scripts(visits: Visits, site: Site) -> None:
    """By touch on the waveform; without scripts by figures, each effect with its own controls, on a page of its own."""
    page = visits.new(OTHER, size="phone", has_touch=True).page
    address = open_take_a(page, site)
    edit_on_a_phone(page)
    the_pay_button_is_in_view(page, address, OTHER_SIZES)
    edit_without_scripts(visits.new(OTHER, javascript=False).page, address)
