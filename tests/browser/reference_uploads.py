"""Bringing in reference files, as somebody does who has them at hand."""

from playwright.sync_api import FilePayload, Page, expect

from tests.library.files import damaged
from tests.library.sounds import picture, sound

STUDIO, NIGHT = "studio@sandbox.example", "night+bus@sandbox.example"


def payload(name: str, content: bytes, type: str = "image/png") -> FilePayload:
    return {"name": name, "mimeType": type, "buffer": content}


def choose(page: Page, *files: FilePayload) -> None:
    page.get_by_label("Choose files").set_input_files(list(files))


def upload_files(page: Page) -> str:
    """Pictures and audio on two accounts, and one that is damaged. Gives the id of one that can be used."""
    page.goto("/library/files/")
    page.get_by_label("Account", exact=True).select_option(STUDIO)
    choose(
        page,
        payload("Harbour at night.png", picture((40, 70, 110), kind="PNG")),
        payload("brushed snare 96 bpm.mp3", sound("mp3"), "audio/mpeg"),
        payload("scan.png", damaged(picture((9, 9, 9), kind="PNG"))),
    )
    expect(page.locator("[data-file][data-state=ready]")).to_have_count(2)
    expect(page.locator("[data-file][data-state=wrong]")).to_have_count(1)
    page.get_by_label("Account", exact=True).select_option(NIGHT)
    choose(page, payload("copper light.jpg", picture((200, 120, 60)), "image/jpeg"))
    expect(page.locator("[data-file][data-state=ready]")).to_have_count(3)
    card = page.locator("[data-file]", has_text="Harbour at night.png")
    return str(card.get_attribute("data-file"))
