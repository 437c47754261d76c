"""The watch itself: a check that can't fail would be worth nothing."""

import pytest

from tests.browser.sessions import Visit, Visits

# What happens on the page, and the words that tell of it.
INCIDENTS = {
    "an error in the console": ("() => console.error('out of tune')", "console: out of tune"),
    "a script that breaks": (
        "() => { setTimeout(() => { throw new Error('snapped string'); }); }",
        "snapped string",
    ),
    "an inline style": (
        "() => document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">la</p>')",
        "CSP: style-src",
    ),
    "a picture from elsewhere": (
        "() => { new Image().src = 'https://example.com/cover.png'; }",
        "example.com",
    ),
    "an address that is not there": ("() => fetch('/no/such/page/').then(() => null)", "404: GET"),
}


@pytest.fixture
def visit(visits: Visits) -> Visit:
    visit = visits.new()
    visit.page.goto("/auth/login/")
    return visit


@pytest.mark.parametrize("name", INCIDENTS)
def test_it_sees(name: str, visit: Visit, visits: Visits) -> None:
    script, words = INCIDENTS[name]
    visit.page.evaluate(script)
    for _ in range(200):
        if any(words in line for line in visit.watch.trouble):
            break
        visit.page.wait_for_timeout(20)

    assert words in "\n".join(visits.leave(visit))


def test_it_says_nothing_when_all_is_well(visit: Visit) -> None:
    visit.page.locator("a[href$='/password/reset/']").first.click()
    visit.page.get_by_role("heading", name="Forgot your password?").wait_for()

    assert visit.watch.take_trouble() == []


@pytest.mark.long
def test_leaving_a_page_that_still_asks_is_no_trouble(visits: Visits) -> None:
    visit = visits.new("mara")
    visit.page.goto("/jobs/")
    visit.page.route("**/jobs/", lambda _: None)  # no answer comes
    with visit.page.expect_request("**/jobs/"):
        visit.page.evaluate("htmx.trigger('#jobs-live', 'panel-changed')")
    visit.page.evaluate("window.stop()")  # what the browser does with it at the next visit
    visit.page.wait_for_timeout(200)

    assert visits.leave(visit) == []
