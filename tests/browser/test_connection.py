"""Signed out, offline: the page says so within one poll of the panel, and keeps what is typed."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import findings_everywhere
from tests.browser.sessions import Visits

pytestmark = pytest.mark.usefixtures("free_slots")
PROMPT = "Half of a prompt that must not be lost"
POLL = "htmx.trigger('#panel', 'tick')"


def half_written(page: Page) -> None:
    page.goto("/create/")
    expect(page.locator("#panel[data-version='']")).to_have_count(0)
    page.get_by_label("Prompt", exact=True).fill(PROMPT)


@pytest.mark.long
def test_signed_out_it_says_so_and_goes_on_after_signing_in_beside_it(visits: Visits) -> None:
    visit = visits.new("siri", reduced_motion="reduce")
    visit.watch.expect(401)
    page, context = visit.page, visit.page.context
    half_written(page)
    bar = page.locator("#connection")
    expect(bar).to_be_hidden()
    session = [each for each in context.cookies() if each["name"] == "sessionid"]
    context.clear_cookies(name="sessionid")
    page.evaluate(POLL)

    expect(bar).to_contain_text("Signed out.")
    link = bar.get_by_role("link", name="Sign in")
    expect(link).to_have_attribute("href", "/auth/login/?next=%2Fcreate%2F")
    expect(link).to_have_attribute("target", "_blank")
    assert findings_everywhere(page) == []
    expect(page.get_by_label("Prompt", exact=True)).to_have_value(PROMPT)
    page.locator("[data-pay]").click()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value(PROMPT)

    context.clear_cookies(name="csrftoken")  # the one that the page's forms hold; a new session has a new one
    context.add_cookies(session)
    expect(bar).to_be_hidden()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value(PROMPT)
    page.locator("[data-pay]").click()
    expect(page.locator("[data-job]", has_text=PROMPT).first).to_be_visible()
    assert all("401" in line for line in visit.watch.take_trouble())


@pytest.mark.long
def test_offline_it_says_since_when_until_the_network_is_back(visits: Visits) -> None:
    visit = visits.new("siri", reduced_motion="reduce")
    page, context = visit.page, visit.page.context
    half_written(page)
    context.set_offline(True)
    expect(page.locator("#connection")).to_have_text(re.compile(r"Offline since \d{1,2}:\d\d\."))
    assert findings_everywhere(page) == []
    expect(page.get_by_label("Prompt", exact=True)).to_have_value(PROMPT)
    context.set_offline(False)
    expect(page.locator("#connection")).to_be_hidden()
    visit.watch.take_trouble()  # what was asked for meanwhile could not be answered
