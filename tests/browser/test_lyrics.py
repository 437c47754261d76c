"""Lyrics in a browser: they come by themselves, and nothing that was typed is lost."""

import re

from playwright.sync_api import expect

from tests.browser.sessions import Visits


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
