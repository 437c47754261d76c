"""What nobody types but anybody can send: no page breaks over it, nothing leads away from the site."""

import re
import uuid
from collections.abc import Iterable
from urllib.parse import urlencode

import pytest
from django.db import OperationalError

from apps.accounts.models import AuditEntry
from apps.library.curation import collections
from apps.library.models import Tag
from apps.library.search.filters import MOST_CHOICES
from tests.library.conftest import Band
from tests.library.playback.test_zip_download import ask, opened, take

ODD = ["\0", "\ud800", "%00", "-1", "9" * 400, "²", "' OR 1=1 --", '"*" NEAR(', "\u202e\n\r", "🎤" * 5000]
PLACES = [
    "9999-12-31T23:59:59-23:59,00000000-0000-0000-0000-000000000000",
    "0001-01-01T00:00:00+23:59,00000000-0000-0000-0000-000000000000",
    "2026-01-01T00:00:00Z,\0",
    "," * 5000,
]
ASKED = {
    "/library/": (
        *("q", "by", "kind", "since", "from", "to", "instrumental", "length", "favourite", "rating"),
        *("tag", "collection", "provider", "sort", "before"),
    ),
    "/library/find/": ("q",),
    "/library/trash/": ("before",),
}


FORM = "application/x-www-form-urlencoded"


def sent(names: Iterable[str], odd: str, **more: str) -> str:
    """As a client sends it that keeps to no rules."""
    return urlencode(dict.fromkeys(names, odd) | more, errors="surrogatepass")


@pytest.mark.long
@pytest.mark.parametrize(("address", "names"), ASKED.items())
def test_no_odd_question_breaks_a_page(band: Band, address: str, names: tuple[str, ...]) -> None:
    band.song()
    client = band.client("viewer")
    for odd in [*ODD, *PLACES, "0001-01-01", "9999-12-31"]:
        assert client.get(f"{address}?{sent(names, odd)}").status_code == 200, odd
        oldest = sent(names, odd, sort="oldest", after=odd)
        assert client.get(f"{address}?{oldest}").status_code == 200, odd


@pytest.mark.long
def test_no_odd_form_breaks_anything(band: Band) -> None:
    """Each is taken, or refused in words."""
    client, clip = band.client("owner"), band.song().takes.get()
    made = collections.create(band.team, "Harbour EP", by=band.owner)
    forms: dict[str, tuple[str, ...]] = {
        f"/library/clips/{clip.pk}/favourite/": ("on", "place"),
        f"/library/clips/{clip.pk}/rating/": ("rating", "place"),
        f"/library/clips/{clip.pk}/tags/": ("add", "remove"),
        f"/library/songs/{clip.song_id}/rename/": ("name",),
        f"/library/collections/{made.pk}/rename/": ("name",),
        f"/library/collections/{made.pk}/{clip.pk}/move/": ("to",),
        f"/library/collections/{made.pk}/{uuid.uuid4()}/remove/": (),
        "/library/collections/new/": ("name",),
        "/library/selection/": ("clip", "name", "tags"),
        "/library/selection/add-to-collection/": ("collection", "name"),
        "/library/selection/tag/": ("tags",),
        "/library/selection/untag/": ("tags",),
        "/library/selection/download/": ("clip", "format"),
        "/library/storage/": ("gigabytes",),
        "/library/undo/": ("token",),
    }
    for address, names in forms.items():
        for odd in ODD:
            form = sent((*names, "next"), odd, **({} if "clip" in names else {"clip": str(clip.pk)}))
            answer = client.post(address, form, content_type=FORM)
            assert answer.status_code in {302, 404, 422}, (address, odd)


def test_too_many_are_refused(band: Band) -> None:
    client = band.client("owner")
    many = {"clip": [str(uuid.uuid4()) for _ in range(5000)]}
    assert client.post("/library/selection/delete/", many).status_code == 400
    tags = {"add": ",".join(str(number) for number in range(10_000))}
    page = client.post(f"/library/clips/{band.song().takes.get().pk}/tags/", tags, follow=True)
    assert "These are 10000." in page.content.decode()


def test_a_page_does_not_grow_with_the_tags_of_a_team(band: Band) -> None:
    """A tag beyond those of the menu is still known."""
    clip = band.song().takes.get()
    Tag.objects.bulk_create(
        Tag(team=band.team, name=name, key=name) for name in map("t{:04}".format, range(1000))
    )
    clip.tags.add(Tag.objects.get(key="t0999"))
    client = band.client("viewer")
    assert client.get("/library/").content.count(b"?tag=t0") == MOST_CHOICES + 1
    assert b"Last Ferry Home" in client.get("/library/?tag=t0999").content


@pytest.mark.parametrize("path", ["/\\evil.example/", "//evil.example/", "/\t/evil.example/"])
def test_the_way_back_from_a_page_that_asks_stays_on_this_site(band: Band, path: str) -> None:
    """A browser takes `/\\evil.example/` for an address of evil.example."""
    clip = band.song().takes.get()
    for address in (f"/library/songs/{clip.song_id}/rename/", f"/library/clips/{clip.pk}/tags/"):
        page = band.client("owner").get(address, {"next": f"http://testserver{path}"}).content.decode()
        assert not re.search(r'(href|value)="[^"]*evil', page)


def test_a_download_that_could_not_begin_gives_its_place_back(
    band: Band, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, clip = band.client("viewer"), take(band, "Last Ferry Home", "mp3")
    client.raise_request_exception = False

    def locked(**_: object) -> None:
        raise OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(AuditEntry.objects, "create", locked)
        assert [ask(client, clip).status_code for _ in range(2)] == [503, 503]
    assert opened(ask(client, clip)).namelist()
