"""Reference files as this site hands them out, looks through them, and lets them go."""

import hashlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from apps.library import references
from apps.library.archiving import container_bounds, file_types, quota, reference_copy
from apps.library.archiving.errors import BadFile
from apps.library.models import ReferenceFile
from tests.library.conftest import Band
from tests.library.files import BEFORE_SENDING, MARK
from tests.library.sounds import picture, sound

pytestmark = pytest.mark.django_db


def kept(band: Band, content: bytes, name: str = "cover.png", **values: object) -> ReferenceFile:
    """A file that was taken in, and is not looked through yet."""
    found = file_types.recognise(content)
    file = ReferenceFile(
        team=band.team,
        subscription=band.subscription,
        account=band.account,
        name=name,
        kind=found.kind,
        **values,
    )
    file.content_type, file.size = found.content_type, len(content)
    file.sha256 = hashlib.sha256(content).hexdigest()
    file.file.name = reference_copy.save(band.team.pk, BytesIO(content), found.extension)
    references.add(file)
    return file


def test_a_picture_is_only_ever_shown_as_a_small_one_of_our_own(band: Band) -> None:
    marked = BytesIO()
    Image.new("RGB", (900, 300), (9, 99, 199)).save(marked, "JPEG", comment=b"\n" * 1100 + MARK)
    file = kept(band, marked.getvalue(), "<b>.jpg")
    assert reference_copy.examine(file) == ""
    client = band.client("viewer")
    answer = client.get(f"/library/files/{file.pk}/thumb.webp")
    shown = answer.getvalue()
    assert (answer["Content-Type"], MARK in shown, MARK in marked.getvalue()) == ("image/webp", False, True)
    with Image.open(BytesIO(shown)) as small:
        assert (small.format, small.size, small.getexif()) == ("WEBP", (320, 320), {})
    assert client.get(f"/library/files/{file.pk}/audio").status_code == 404


def test_what_was_uploaded_is_a_download_that_can_run_nothing(band: Band) -> None:
    file = kept(band, picture(), "a/b\r\n.html")
    answer = band.client("member").get(f"/library/files/{file.pk}/download")
    assert answer.getvalue() == picture()
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Content-Disposition"].startswith('attachment; filename="')
    assert answer["Content-Disposition"].endswith('.jpg"')
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "private" in answer["Cache-Control"]


def test_audio_is_played_by_its_bytes_type_and_in_parts(band: Band) -> None:
    file = kept(band, sound("mp3"), "page.html")
    answer = band.client("viewer").get(f"/library/files/{file.pk}/audio", headers={"Range": "bytes=0-"})
    assert (answer.status_code, answer["Content-Type"]) == (206, "audio/mpeg")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer.getvalue() == sound("mp3")
    assert band.client("stranger").get(f"/library/files/{file.pk}/audio").status_code == 404
    assert band.client("anonymous").get(f"/library/files/{file.pk}/audio").status_code == 401


def test_what_nobody_looked_through_is_found_by_the_sweep(band: Band) -> None:
    file = kept(band, picture())
    assert reference_copy.wake_due() == 0, "its job comes first"
    ReferenceFile.objects.update(next_try_at=file.created_at)
    assert reference_copy.wake_due() == 1
    references.store(str(file.pk))
    file.refresh_from_db()
    assert (bool(file.thumb), file.width, reference_copy.wake_due()) == (True, 300, 0)


def test_a_file_that_ends_whoever_reads_it_is_read_no_more(band: Band) -> None:
    file = kept(band, picture())
    ReferenceFile.objects.update(tries=3)
    file.refresh_from_db()
    assert reference_copy.examine(file) == reference_copy.UNREADABLE
    assert reference_copy.examine(file) == reference_copy.UNREADABLE
    assert not file.thumb


@pytest.mark.parametrize("name", BEFORE_SENDING)
def test_what_is_unfit_is_not_played_and_says_why(band: Band, name: str) -> None:
    make, words = BEFORE_SENDING[name]
    file = kept(band, make())
    assert words in reference_copy.examine(file)
    file.refresh_from_db()
    assert (words in file.problem, file.audio_url, file.thumb_url) == (True, "", "")


def test_a_copy_that_is_lost_here_is_said(band: Band) -> None:
    file = kept(band, picture())
    Path(file.file.path).unlink()
    assert reference_copy.examine(file) == reference_copy.LOST
    file.refresh_from_db()
    assert not file.examined_at, "it may come back with the disk"


def test_deleted_for_thirty_days_then_erased_with_its_bytes(band: Band, media: Path) -> None:
    file = kept(band, picture())
    reference_copy.examine(file)
    used = quota.usage(band.team).used
    assert used == sum(path.stat().st_size for path in media.rglob("*") if path.is_file())
    assert not references.erase(file), "only what was deleted"
    assert references.delete(file, by=band.owner)
    assert not references.delete(file, by=band.owner)
    assert "Restore" in band.client("owner").get("/library/files/").content.decode()
    again = kept(band, picture())
    answer = band.client("owner").post(f"/library/files/{file.pk}/restore/", follow=True)
    assert "The same file has been uploaded to that account again." in answer.content.decode()
    references.delete(again, by=band.owner)
    ReferenceFile.objects.update(deleted_at="2026-01-01T00:00:00Z")
    assert references.purge_expired() == 2
    assert quota.usage(band.team).used == 0
    assert [path for path in media.rglob("*") if path.is_file()] == []


def test_a_megabyte_of_noise_is_walked_quickly_whatever_it_pretends(band: Band) -> None:
    """Structure that leads nowhere ends the walk, not the worker."""
    for start in (
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"\0\0\0\x18ftypM4A ",
        b"RIFF\xff\xff\xff\x7fWAVE",
        b"ID3\x04\0\0\x7f\x7f\x7f\x7f",
    ):
        content = start + bytes(range(256)) * 4096
        with pytest.raises(BadFile, match=r"cut short|Something else"):
            container_bounds.check_bounds(
                BytesIO(content), len(content), file_types.recognise(content[:4096])
            )
