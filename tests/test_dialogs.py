"""Whatever asks back has a way out: Cancel, on the page of its own and in the dialog that it opens in."""

import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from apps.library.models import Clip
from tests.page import Page
from tests.sample_team import House, build
from tests.test_urls import BY_NAME, Row

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = {path: path.read_text() for path in sorted((ROOT / "templates").rglob("*.html"))}
# Where a running job is cancelled, "Cancel" would say the opposite; and tags are added one by one.
OTHER_WORDS = {
    "job-cancel": r"Cancel|Keep running|Back",
    "clip-tags": "Done",
}


@pytest.fixture
def house(db: None, settings: Settings, tmp_path: Path) -> House:
    settings.MEDIA_ROOT = tmp_path / "media"
    return build()


def test_every_dialog_has_a_way_out() -> None:
    """Esc is the browser's own for a <dialog>; a button closes it, too."""
    texts = "\n".join(TEMPLATES.values())
    dialogs = re.findall(r"<dialog\b.*?</dialog>", texts, re.DOTALL)
    assert len(dialogs) >= 3
    for dialog in dialogs:
        filled_later = 'id="ask-dialog"' in dialog
        assert filled_later or re.search(r'method="dialog"|data-close', dialog), dialog[:80]


def test_every_page_that_opens_in_the_dialog_has_one() -> None:
    asking = [text for text in TEMPLATES.values() if re.search(r'class="ask\b', text)]
    assert len(asking) >= 12
    for text in asking:
        whole = text + "".join(
            TEMPLATES[ROOT / "templates" / name] for name in re.findall(r'{% include "([^"]+)"', text)
        )
        assert "data-close" in whole, text[:120]


@pytest.mark.parametrize(
    "entry", [row for row in BY_NAME.values() if "200" in row.cells[4]], ids=lambda row: row.name
)
def test_the_way_out_leads_somewhere(house: House, entry: Row) -> None:
    """Also for somebody who comes from nowhere: by a bookmark, or where no Referer is sent."""
    if entry.name == "clip-erase":
        Clip.objects.filter(pk=house.clip.pk).update(deleted_at=timezone.now())
    client = Client()
    client.force_login(house.people["owner"])
    address = reverse(entry.name, args=entry.arguments(house))
    answer = client.get(address)
    if answer.status_code != 200 or b'class="ask ' not in answer.content:
        return
    ways = [link for link in Page(answer).all("a") if "data-close" in link.attributes]
    assert ways, "no way out"
    for link in ways:
        assert re.match(r"/(?!/)", link["href"] or ""), link["href"]
        assert link["href"] != address
        assert re.fullmatch(OTHER_WORDS.get(entry.name, "Cancel"), link.text.strip()), link.text
