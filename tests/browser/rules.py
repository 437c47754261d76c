"""WCAG 2.2 AA, as far as axe can tell."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.browser.visits import SIZES

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = "(rules) => axe.run({ runOnly: rules, resultTypes: ['violations'] })"


def findings(page: Page) -> list[str]:
    """A line for each element that breaks a rule."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return [
        f"{broken['id']}: {node['target']}: {node['failureSummary']}"
        for broken in page.evaluate(RUN, RULES)["violations"]
        for node in broken["nodes"]
    ]


def findings_everywhere(page: Page) -> list[str]:
    """At both sizes, each in another theme. Transitions must be off: colours are measured at once."""
    broken = []
    for size, theme in (("desktop", "dark"), ("phone", "light")):
        width, height = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=theme)
        broken += [f"{size}, {theme}: {line}" for line in findings(page)]
    return broken
