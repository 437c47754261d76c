"""Variations in a browser: what limits their cost is never lost on the way."""

import pytest
from playwright.sync_api import expect

from tests.browser.sessions import Visits


@pytest.mark.long
def test_a_draft_from_before_an_update_keeps_its_limit(visits: Visits) -> None:
    """It was written when the field was called otherwise."""
    page = visits.new("dora").page
    page.goto("/create/sweeps/")
    page.get_by_label("Stop after favourites").fill("3")
    page.evaluate("""() => {
        for (const [name, draft] of Object.entries(localStorage))
            localStorage.setItem(name, draft.replace('"favourites"', '"keepers"'));
    }""")
    page.reload()
    expect(page.get_by_label("Stop after favourites")).to_have_value("3")
