"""What every page keeps to, looked at in one visit each.

Nothing moves while it loads, nothing scrolls sideways at any width, and no rule of WCAG 2.2 AA is broken in both themes
at both sizes.
"""

import pytest
from playwright.sync_api import Page

from tests.browser.axe import findings_everywhere
from tests.browser.layout_shift import SHIFTS
from tests.browser.sessions import Visits
from tests.browser.tour import STOPS, Stop, Tour

WIDTHS = (390, 768, 1024, 1440, 1920)
# What scrolls sideways: the page, or a box on it (rows of chips do so, on purpose); and buttons that are cut off.
TOO_WIDE = """
() => {
  const root = document.documentElement;
  const wide = [...document.querySelectorAll("body *")].filter((each) => {
    const box = each.getBoundingClientRect();
    const scrolls = each.scrollWidth > each.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(each).overflowX);
    return scrolls && box.width > 0 && !each.matches("textarea, pre, .chips");
  });
  const cut = [...document.querySelectorAll(".page .btn, .strip .btn")].filter((each) => {
    const box = each.getBoundingClientRect();
    const scrolls = each.closest(".chips, .table-scroll, .matrix-scroll");
    return each.checkVisibility() && box.right > root.clientWidth + 1 && !scrolls;
  });
  const names = [...wide, ...cut].map((each) => `${each.tagName}.${each.className || each.id}`);
  if (root.scrollWidth > root.clientWidth) names.push(`the page: ${root.scrollWidth} px`);
  return names;
}
"""


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.name)
def test_every_page(stop: Stop, tour: Tour, visits: Visits) -> None:
    visit = visits.again(stop.person)
    visit.watch.expect(stop.status)
    visit.page.add_init_script(SHIFTS)
    tour.go(visit.page, stop)

    moved = visit.page.evaluate("window.shifts")
    wide = {width: found for width in WIDTHS if (found := too_wide(visit.page, width))}
    assert (moved, wide, findings_everywhere(visit.page)) == ([], {}, [])


def too_wide(page: Page, width: int) -> list[str]:
    page.set_viewport_size({"width": width, "height": 900})
    return list(page.evaluate(TOO_WIDE))
