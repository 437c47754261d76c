"""The live panel: who asks how often, and what its cards say and do."""

import re

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from tests.browser.sessions import Visit, Visits
from tests.browser.site import Site
from tests.browser.song_forms import create_song

pytestmark = pytest.mark.usefixtures("free_slots")

PERSON = "pia"
POLL = re.compile(r"/jobs/panel/")
FAST_MS, SLOW_MS = 3_000, 30_000
HIDE = """
(hidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}
"""


@pytest.fixture
def page(visits: Visits) -> Page:
    return visits.new(PERSON).page


def card(page: Page, words: str, *, place: str = "#work") -> Locator:
    return page.locator(f"{place} [data-job]", has_text=words)


def with_stopped_clock(visit: Visit, address: str) -> Page:
    """The page, loaded; time passes for it when the test says so."""
    page, asking = visit.page, set[Request]()
    page.on("request", lambda request: asking.add(request))
    for ended in ("requestfinished", "requestfailed"):
        page.on(ended, lambda request: asking.discard(request))
    page.clock.install()
    page.goto(address)
    expect(page.locator("#panel:not([data-bare])[data-version='']")).to_have_count(0)
    page.clock.pause_at(page.evaluate("Date.now() + 100"))
    for _ in range(100):  # what was asked for before comes to its end, for which it needs a little time
        if not asking and not page.locator(".htmx-request").count():
            break
        page.clock.run_for(10)
        page.wait_for_timeout(200)
    expect(page.locator(".htmx-request")).to_have_count(0)
    assert not asking
    visit.watch.answers.clear()
    return page


@pytest.mark.long
def test_only_the_panel_asks_and_is_told_when_nothing_is_new(visits: Visits) -> None:
    visit = visits.new(PERSON)
    create_song(visit.page, "Something long to wait for [slow]")
    expect(card(visit.page, "Something long to wait for")).to_have_attribute("data-state", "running")
    page = with_stopped_clock(visit, "/create/")

    for _ in range(4):
        with page.expect_response(POLL):
            page.clock.run_for(FAST_MS)

    assert [url for _, url in visit.watch.answers if not POLL.search(url)] == []
    assert 4 <= len(visit.watch.answers) <= 5
    assert visit.watch.answers[-1][0] == 204


@pytest.mark.long
def test_nobody_looks_nobody_asks(visits: Visits) -> None:
    visit = visits.new(PERSON)
    create_song(visit.page, "Something for the background [slow]")
    expect(card(visit.page, "Something for the background")).to_have_attribute("data-state", "running")
    page = with_stopped_clock(visit, "/library/")
    page.evaluate(HIDE, True)
    page.clock.run_for(2 * SLOW_MS)
    assert visit.watch.answers == []

    with page.expect_response(POLL):
        page.evaluate(HIDE, False)


@pytest.mark.long
def test_nothing_runs_it_asks_ten_times_less(visits: Visits) -> None:
    visit = visits.new("ebba")
    page = with_stopped_clock(visit, "/create/")
    page.clock.run_for(SLOW_MS - 2 * FAST_MS)
    assert visit.watch.answers == []

    with page.expect_response(POLL):
        page.clock.run_for(3 * FAST_MS)


def test_the_panel_follows_a_song_and_tells_the_news(visits: Visits, site: Site) -> None:
    page = visits.new(PERSON).page
    create_song(page, "A tune for the news [short]")
    page.get_by_role("link", name="Accounts").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Flow Music accounts")
    expect(card(page, "A tune for the news", place="#panel")).to_have_attribute("data-state", "running")
    expect(page.locator("[data-running-now]:visible")).to_have_text("1 running")
    songs = page.locator("#nav-songs").inner_text()
    site.finish()

    expect(page.locator("#toasts .toast-item")).to_contain_text("is ready")
    expect(page.locator("[data-running-now]:visible")).to_have_count(0)
    expect(page.locator("#nav-songs")).not_to_have_text(songs)
    page.locator("#toasts").get_by_role("link", name="Take B").click()
    expect(page.locator("#player-play")).to_have_attribute("aria-label", "Pause")


def test_a_song_whose_answer_was_lost_is_found(page: Page) -> None:
    create_song(page, "Lost on the way [drop after] [hook never]")
    found = card(page, "Lost on the way")
    seen = {"unknown", "running"}
    expect(found).to_have_attribute("data-state", re.compile("|".join(seen)))
    expect(found).to_have_attribute("data-state", "running", timeout=30_000)
    found.get_by_role("link", name="Lost on the way").click()
    expect(page.locator(".story")).to_contain_text(
        re.compile("not known|may have gone through|no answer", re.I)
    )


@pytest.mark.long
def test_a_song_that_was_refused_goes_back_into_the_form(page: Page, site: Site) -> None:
    create_song(page, "Words nobody may sing [moderated]", lyrics="[Verse]\nNot these words")
    expect(card(page, "Words nobody may sing")).to_have_attribute("data-state", "running")
    site.finish()
    refused = card(page, "Words nobody may sing")
    expect(refused).to_have_attribute("data-state", "failed")
    expect(refused).to_contain_text("the model declined to generate audio for this prompt")
    refused.get_by_role("link", name="Edit prompt").click()

    expect(page.get_by_label("Prompt", exact=True)).to_have_value("Words nobody may sing [moderated]")
    expect(page.get_by_label("Your lyrics")).to_have_value("[Verse]\nNot these words")
    expect(page.get_by_role("radio", name="My own")).to_be_checked()


@pytest.mark.long
def test_one_is_removed_from_the_queue(page: Page) -> None:
    """Two slots of one account are taken; the third song waits and is removed."""
    for prompt in ("First of three", "Second of three", "Third of three"):
        create_song(page, f"{prompt} [slow]", account="night+bus@sandbox.example")
    expect(card(page, "Second of three")).to_have_attribute("data-state", "running")
    third = card(page, "Third of three")
    expect(third).to_have_attribute("data-state", "queued")
    expect(third).to_contain_text("waiting for a free slot")
    third.get_by_role("button", name="Remove from queue").click()

    expect(third).to_have_attribute("data-state", "cancelled")
    expect(third).to_contain_text("Nothing spent")


@pytest.mark.long
def test_cancelling_asks_back(page: Page) -> None:
    create_song(page, "Not worth the wait [slow]")
    job, dialog = card(page, "Not worth the wait"), page.get_by_role("dialog")
    job.get_by_role("link", name="Cancel…").click()
    expect(dialog.get_by_role("heading")).to_have_text("Cancel this song?")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(job).to_have_attribute("data-state", "running")

    job.get_by_role("link", name="Cancel…").click()
    dialog.get_by_role("button", name="Cancel job").click()
    expect(dialog).to_have_count(0)
    expect(job).to_have_attribute("data-state", "cancelled")


@pytest.mark.long
def test_a_batch_is_one_card_with_a_part_for_each_song(page: Page) -> None:
    create_song(page, "Five of a kind [slow]", count=5)
    batch = card(page, "5 songs: “Five of a kind")
    expect(batch).to_have_count(1)
    expect(batch.locator("[data-segment]")).to_have_count(5)
    expect(batch.locator("[data-segment=running]")).to_have_count(5)
    expect(card(page, "Five of a kind")).to_have_count(1)
