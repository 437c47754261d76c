"""What every page keeps to: no sideways scroll at any width, a light first view, nothing that jumps."""

import pytest
from playwright.sync_api import Page

from tests.browser.shifts import SHIFTS
from tests.browser.tour import PERSON, STOPS, Stop, Tour, stop_named
from tests.browser.visits import Visits

WIDTHS = (390, 768, 1024, 1440, 1920)
FIRST_VIEW_BYTES = 150_000

# What scrolls sideways: the page, or a box on it. Rows of chips do so on a phone, on purpose.
TOO_WIDE = """
() => {
  const root = document.documentElement;
  const wide = [...document.querySelectorAll("body *")].filter((each) => {
    const box = each.getBoundingClientRect();
    const scrolls = each.scrollWidth > each.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(each).overflowX);
    return scrolls && box.width > 0 && !each.matches("textarea, pre, .chips");
  });
  const names = wide.map((each) => `${each.tagName}.${each.className || each.id}`);
  if (root.scrollWidth > root.clientWidth) names.push(`the page: ${root.scrollWidth} px`);
  return names;
}
"""


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.name)
def test_nothing_moves_while_it_loads_and_nothing_scrolls_sideways(
    stop: Stop, tour: Tour, visits: Visits
) -> None:
    visit = visits.again(stop.person)
    visit.watch.expect(stop.status)
    visit.page.add_init_script(SHIFTS)
    tour.go(visit.page, stop)

    assert visit.page.evaluate("window.shifts") == []
    assert {width: found for width in WIDTHS if (found := too_wide(visit.page, width))} == {}


def too_wide(page: Page, width: int) -> list[str]:
    page.set_viewport_size({"width": width, "height": 900})
    return list(page.evaluate(TOO_WIDE))


@pytest.mark.parametrize("name", ["create", "jobs", "library"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_nothing_moves_on_the_first_visit(name: str, size: str, tour: Tour, visits: Visits) -> None:
    page = visits.new(PERSON, size=size).page
    page.add_init_script(SHIFTS)
    tour.go(page, stop_named(name))
    page.wait_for_load_state("networkidle")

    assert page.evaluate("window.shifts") == []


def test_the_first_view_is_light(tour: Tour, visits: Visits) -> None:
    """All bytes over the wire for the create page, with nothing in the cache."""
    page = visits.new(PERSON).page
    devtools = page.context.new_cdp_session(page)
    received: dict[str, int] = {}
    urls: dict[str, str] = {}
    devtools.on("Network.responseReceived", lambda e: urls.update({e["requestId"]: e["response"]["url"]}))
    devtools.on(
        "Network.loadingFinished", lambda e: received.update({e["requestId"]: int(e["encodedDataLength"])})
    )
    devtools.send("Network.enable")
    tour.go(page, stop_named("create"))
    page.wait_for_load_state("networkidle")

    sizes = {urls[key].removeprefix(visits.house.url): size for key, size in received.items() if key in urls}
    print("\n".join(f"{size:>8}  {url}" for url, size in sorted(sizes.items(), key=lambda each: -each[1])))
    assert len(sizes) > 10
    assert sum(sizes.values()) < FIRST_VIEW_BYTES, sizes
