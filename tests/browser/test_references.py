"""Reference files: dropped, sent with a bar, heard, and chosen for a song."""

import pytest
from playwright.sync_api import expect

from tests.browser.reference_uploads import NIGHT, STUDIO, choose, payload
from tests.browser.sessions import Visits, reload_until
from tests.browser.song_forms import expect_sent
from tests.library.sounds import picture, sound

DROP = """
([selector, name, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], name));
  const place = document.querySelector(selector);
  for (const type of ["dragover", "drop"]) {
    place.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
  }
}
"""


@pytest.mark.long
def test_files_are_dropped_and_chosen_for_a_song(visits: Visits, free_slots: None) -> None:
    visit = visits.new("nora")
    page = visit.page
    page.goto("/library/files/")
    page.get_by_label("Account", exact=True).select_option(STUDIO)
    page.evaluate(DROP, ["#work", "harbour.png", list(picture((40, 70, 110), kind="PNG"))])
    ready = page.locator("[data-file][data-state=ready]")
    expect(ready).to_have_count(1)
    expect(ready.locator("img")).to_be_visible()

    # What can't be taken is said before it is sent, or by the site; what is good beside it goes through.
    visit.watch.expect(422)
    choose(page, payload("groove.mp3", sound("mp3"), "audio/mpeg"), payload("note.png", b"hello" * 99))
    expect(page.locator("[data-sending] .is-wrong")).to_contain_text("This is none of the kinds")
    expect(ready).to_have_count(2)
    page.get_by_label("Account", exact=True).select_option(NIGHT)
    choose(page, payload("copper.jpg", picture((200, 120, 60)), "image/jpeg"))
    expect(ready).to_have_count(3)
    page.get_by_role("link", name="Preview groove.mp3").click()
    page.wait_for_function("() => document.querySelector('.file-heard:not([hidden])')?.value > 0.05")
    page.get_by_role("link", name="Stop groove.mp3").click()
    expect(page.locator(".file-heard:visible")).to_have_count(0)

    # In the song form those of one account go together, and the song runs there; a click sends the other one, too.
    page.goto("/create/")
    page.get_by_label("Prompt", exact=True).fill("Slow disco, brushed snare")
    page.locator("summary", has_text="References").click()
    page.get_by_role("checkbox", name="harbour.png").check()
    expect(page.get_by_label("Account", exact=True)).to_have_value(STUDIO)
    expect(page.locator("[data-references-said]")).to_have_text("1 image, so it is created on studio@")
    expect(page.get_by_role("checkbox", name="copper.jpg")).to_be_disabled()
    page.get_by_role("checkbox", name="groove.mp3").check()
    page.get_by_role("button", name="Send it to studio@ too copper.jpg").click()
    expect(page.get_by_role("checkbox", name="harbour.png")).to_be_checked()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("Slow disco, brushed snare")
    copies = page.get_by_role("checkbox", name="copper.jpg on studio@")
    expect(copies).to_have_count(1)
    copies.check()
    page.reload()
    expect(page.locator("[data-references-said]")).to_contain_text("2 images, 1 audio file")
    page.locator("[data-pay]").click()
    expect_sent(page)
    page.goto("/library/files/?kind=audio")
    used = page.locator("#work", has_text="used by 1 song")
    reload_until(page, lambda: visits.site.finish(least=0) or used.count(), within=90)


@pytest.mark.long
def test_without_scripts_a_form_sends_several(visits: Visits) -> None:
    page = visits.new("olaf", javascript=False).page
    page.goto("/library/files/")
    page.locator("input[type=file]").set_input_files(
        [payload("one.png", picture(kind="PNG")), payload("two.wav", sound("wav"), "audio/x-wav")]
    )
    page.get_by_role("button", name="Send", exact=True).click()
    reload_until(page, lambda: page.locator("[data-file][data-state=ready]").count() == 2)
    page.goto("/create/")
    page.locator("summary", has_text="References").click()
    page.get_by_role("checkbox", name="one.png").check()
    page.get_by_label("Prompt", exact=True).fill("Slow disco")
    page.locator("[data-pay]").click()
    expect_sent(page)
