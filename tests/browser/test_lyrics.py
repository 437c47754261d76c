"""Lyrics in a browser: they come by themselves, and nothing that was typed is lost."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.sessions import Visits


@pytest.mark.long
def test_words_come_by_themselves_and_unsaved_ones_outlive_the_page(visits: Visits) -> None:
    page = visits.new("dora").page
    page.goto("/create/lyrics/")
    page.get_by_label("What is the song about?").fill("A lighthouse that")
    page.goto("/library/")
    page.goto("/create/lyrics/")
    idea = page.get_by_label("What is the song about?")
    expect(idea).to_have_value("A lighthouse that")
    idea.fill("A lighthouse that is afraid of the dark")
    page.get_by_role("button", name="Verse").click()
    page.get_by_role("button", name="Chorus", exact=True).click()
    expect(page.get_by_label("Which sections?")).to_have_value("Verse 1 / Chorus")
    page.get_by_role("button", name="Write lyrics").click()
    words = page.locator("#id_lyrics")
    expect(words).to_have_value(re.compile(r"\[Verse 1\]"))
    words.fill("[Verse 1]\nNot saved yet")
    page.reload()
    expect(words).to_have_value("[Verse 1]\nNot saved yet")
    page.get_by_role("button", name="Discard draft").click()
    expect(words).not_to_have_value("[Verse 1]\nNot saved yet")
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#editor")).to_have_attribute("data-draft-version", "2")
    page.get_by_role("button", name="Create song from these lyrics").click()
    expect(page.get_by_label("Your lyrics")).to_have_value("[Verse 1]\nNot saved yet")
    page.goto("/create/lyrics/")
    expect(page.get_by_label("What is the song about?")).to_have_value("")


@pytest.mark.long
def test_each_tab_has_a_draft_of_its_own_and_what_is_cleared_is_gone(visits: Visits) -> None:
    page = visits.new("dana").page
    page.goto("/create/lyrics/")
    idea = page.get_by_label("What is the song about?")
    idea.fill("A lighthouse")
    second = page.context.new_page()
    second.goto("/create/lyrics/")
    expect(second.get_by_label("What is the song about?")).to_have_value("")
    second.get_by_label("What is the song about?").fill("A harbour")
    page.reload()
    expect(idea).to_have_value("A lighthouse")

    page.get_by_role("button", name="Clear").click()
    expect(idea).to_have_value("")
    page.get_by_role("button", name="Undo").click()
    expect(idea).to_have_value("A lighthouse")
    page.get_by_role("button", name="Clear").click()
    page.reload()
    expect(idea).to_have_value("")

    second.close()
    page.reload()
    expect(idea).to_have_value("A harbour")
    expect(page.locator("[data-draft-line]")).to_contain_text("is restored")
    page.get_by_role("button", name="Discard draft").click()
    page.reload()
    expect(idea).to_have_value("")
