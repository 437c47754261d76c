"""The first visit: a light first view, and nothing that jumps. What every page keeps to: test_every_page.py."""

import pytest

from tests.browser.layout_shift import SHIFTS
from tests.browser.sessions import Visits
from tests.browser.tour import PERSON, Tour, stop_named

FIRST_VIEW_BYTES = 150_000


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

    sizes = {urls[key].removeprefix(visits.site.url): size for key, size in received.items() if key in urls}
    print("\n".join(f"{size:>8}  {url}" for url, size in sorted(sizes.items(), key=lambda each: -each[1])))
    assert len(sizes) > 10
    assert sum(sizes.values()) < FIRST_VIEW_BYTES, sizes
