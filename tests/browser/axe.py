"""WCAG 2.2 AA, as far as axe can tell."""

from collections.abc import Sequence

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.browser.sessions import SIZES

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Of a theme only colours depend.
OF_COLOURS = ["color-contrast", "link-in-text-block"]
RUN = "(rules) => axe.run({ runOnly: rules, resultTypes: ['violations'] })"


def findings(page: Page, rules: Sequence[str] = RULES) -> list[str]:
    """A line for each element that breaks a rule."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return [
        f"{broken['id']}: {node['target']}: {node['failureSummary']}"
        for broken in page.evaluate(RUN, rules)["violations"]
        for node in broken["nodes"]
    ]


def findings_everywhere(page: Page) -> list[str]:
    """In both themes at both sizes, and back to its own size. Transitions must be off: colours are measured at once."""
    broken, own = [], page.viewport_size
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for theme, rules in (("dark", RULES), ("light", OF_COLOURS)):
            page.emulate_media(color_scheme=theme)
            broken += [f"{size}, {theme}: {line}" for line in findings(page, rules)]
    if own:
        page.set_viewport_size(own)
    return broken
