"""Files on their way: refused for now, held up by others, left behind by a visit, and one that is a teammate's."""

import re
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.reference_uploads import NIGHT, STUDIO, choose, payload
from tests.browser.sessions import Visits
from tests.library.sounds import picture

UPLOAD = "**/library/files/upload/"
AGAIN = "Retry"
# What is waited for between two tries takes no time.
HURRY = """
const wait = window.setTimeout;
window.setTimeout = (done, ms, ...rest) => wait(done, ms === 3000 ? 1 : ms, ...rest);
"""
WOULD_ASK = "() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"


def page_of_files(page: Page) -> None:
    page.goto("/library/files/")
    page.get_by_label("Account", exact=True).select_option(STUDIO)


def visit_library(page: Page) -> None:
    page.locator('a[href="/library/"]:visible').first.click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("References")


def come_back(page: Page) -> None:
    page.locator('a[href="/library/files/"]:visible').first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("References")


def asked(route: Route) -> tuple[str, str]:
    fields = parse_qs(route.request.headers["x-fields"])
    return fields["email"][0], fields["stripMetadata"][0]


def test_what_is_refused_for_now_is_sent_again_as_the_form_says_then(visits: Visits) -> None:
    visit = visits.new("pia")
    page, seen = visit.page, list[tuple[str, str]]()

    def refuse(route: Route) -> None:
        seen.append(asked(route))
        route.fulfill(status=422, json={"ok": False, "words": "Storage is full.", "again": len(seen) == 1})

    visit.watch.expect(422)
    page.route(UPLOAD, refuse)
    page_of_files(page)
    choose(page, payload("full.png", picture(kind="PNG")))
    wrong = page.locator("[data-sending] .is-wrong")
    expect(wrong).to_contain_text("Storage is full.")
    page.get_by_label("Account", exact=True).select_option(NIGHT)
    page.get_by_label("Remove hidden data from images").uncheck()
    wrong.get_by_role("button", name=AGAIN).click()
    expect(wrong).to_contain_text("Storage is full.")
    expect(page.get_by_role("button", name=AGAIN)).to_have_count(0)  # this time it is the file
    assert seen == [(STUDIO, "true"), (NIGHT, "false")]


@pytest.mark.long
def test_only_our_own_word_makes_a_file_wait_for_others_and_not_for_ever(visits: Visits) -> None:
    visit = visits.new("pia")
    page, tries = visit.page, list[str]()

    def crowded(route: Route) -> None:
        tries.append(route.request.url)
        route.fulfill(status=503, json={"ok": False, "words": "Several files are coming in.", "again": True})

    page.add_init_script(HURRY)
    page_of_files(page)
    page.route(UPLOAD, lambda route: route.fulfill(status=503, body="<h1>Being mended</h1>"))
    choose(page, payload("closed.png", picture(kind="PNG")))
    wrong = page.locator("[data-sending] .is-wrong")
    expect(wrong).to_contain_text("It did not arrive here.")
    page.unroute(UPLOAD)
    page.route(UPLOAD, crowded)
    wrong.get_by_role("button", name=AGAIN).click()
    expect(wrong).to_contain_text("Several files are coming in.")
    expect(wrong.get_by_role("button", name=AGAIN)).to_be_visible()
    assert len(tries) == 40
    trouble = visit.watch.take_trouble()
    assert all(line.startswith("503: POST") for line in trouble), trouble


@pytest.mark.long
def test_what_waits_is_seen_again_after_another_page_and_goes_on(visits: Visits) -> None:
    page = visits.new("pia").page
    held = list[Route]()
    page.route(UPLOAD, lambda route: held.append(route))
    page_of_files(page)
    assert not page.evaluate(WOULD_ASK)
    choose(
        page, payload("first.png", picture((1, 2, 3), kind="PNG")), payload("then.png", picture(kind="PNG"))
    )
    page.get_by_label("Account", exact=True).select_option(NIGHT)
    visit_library(page)
    assert page.evaluate(WOULD_ASK)
    come_back(page)
    lines = page.locator("[data-sending] li")
    expect(lines).to_contain_text(["first.png", "then.png"])

    # The first one arrives while another page is shown.
    visit_library(page)
    with page.expect_response(UPLOAD):
        held[0].continue_()
    come_back(page)
    expect(lines).to_contain_text(["then.png"])
    while len(held) < 2:
        page.wait_for_timeout(50)
    assert [asked(route) for route in held] == [(STUDIO, "true")] * 2
    held[1].continue_()
    expect(page.locator("[data-file][data-state=ready]")).to_have_count(2)
    assert not page.evaluate(WOULD_ASK)


@pytest.mark.long
def test_a_teammates_file_settles_nothing(visits: Visits) -> None:
    """Theirs by its page alone: an account that is no choice of the form."""
    page = visits.new("pia").page
    page_of_files(page)
    choose(page, payload("theirs.png", picture((7, 80, 9), kind="PNG")))
    theirs = page.locator("[data-file][data-state=ready]", has_text="theirs.png")
    expect(theirs).to_have_count(1)
    page.get_by_label("Account", exact=True).select_option(NIGHT)
    choose(page, payload("mine.png", picture((70, 8, 90), kind="PNG")))
    expect(page.locator("[data-file][data-state=ready]", has_text="mine.png")).to_have_count(1)

    def give_away(route: Route) -> None:
        answer = route.fetch()
        text = re.sub(
            rf'data-on="{STUDIO}"\s+data-short="studio@"',
            'data-on="tom@x.example" data-short="tom@"',
            answer.text(),
        )
        route.fulfill(response=answer, body=text)

    page.route("**/create/?file=*", give_away)
    page.goto(f"/create/?file={theirs.get_attribute('data-file')}")
    said = page.locator("[data-references-said]")
    send = page.get_by_role("button", name="too theirs.png")
    expect(said).to_contain_text(
        "theirs.png is on tom@, which is under none of your API tokens: send it to yours"
    )
    expect(page.get_by_role("checkbox", name="mine.png")).to_be_enabled()
    page.get_by_label("Account", exact=True).select_option(NIGHT)
    expect(send).to_contain_text("Send it to night+bus@ too")
    page.get_by_label("Account", exact=True).select_option("")
    expect(send).not_to_contain_text("tom@")
    page.get_by_role("checkbox", name="mine.png").check()
    expect(page.get_by_label("Account", exact=True)).to_have_value(NIGHT)
    expect(send).to_be_visible()
    page.get_by_role("checkbox", name="theirs.png").uncheck()
    expect(said).to_have_text("1 image, so it is created on night+bus@")
