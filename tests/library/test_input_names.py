"""Names of songs, tags and files: nothing hidden in them, safe on every system, and the same inside the files."""

from io import BytesIO

import mutagen
import pytest
from django.utils import timezone

from apps.library import input_names
from apps.library.archiving import archiver
from apps.library.models import Clip, ClipFile, Song
from apps.library.playback import playback
from apps.library.song_names import rename
from apps.one_line import clean
from tests.library.conftest import Band, store
from tests.library.playback.test_downloads import name_of
from tests.library.sounds import picture, sound

FAMILY = "👨\u200d👩\u200d👧"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("fer\u00adry\u200b ho\ufeffme\u2060", "ferry home"),
        ("\u202eevil\u2066 mark\u200f", "evil mark"),
        (f"{FAMILY} day ❤\ufe0f", f"{FAMILY} day ❤\ufe0f"),
        ("fer\u200dry", "ferry"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\u200d\u00ad\ufeff", ""),
        ("two\nlines\x07", "two lines"),
    ],
)
def test_what_is_not_seen_is_gone_without_a_gap(text: str, name: str) -> None:
    assert clean(text) == name
    assert input_names.of_file(text) == name
    assert clean(clean(text)) == name


@pytest.mark.parametrize("device", ["aux", "CON", "nul", "Prn", "com1", "LPT9", "com¹", "CONIN$"])
def test_names_of_windows_devices_stay_safe_with_a_suffix(device: str) -> None:
    for ending in ("", ".txt", ".tar.gz", " .txt"):
        made = input_names.of_file(device + ending)
        assert made.partition(".")[0].strip() == f"{device}_", made
        assert made.endswith(ending.strip())
    for harmless in (f"{device}e", f"my {device}", f"{device} b"):
        assert input_names.of_file(harmless) == harmless


def test_downloads_of_a_song_that_is_named_like_a_device(band: Band) -> None:
    take = band.song("aux.txt").takes.get()
    store(take, "mp3", b"x" * 10)
    store(take, "cover", picture())
    client = band.client("viewer")
    assert name_of(client.get(f"/library/clips/{take.pk}/audio.mp3?download=1")) == "aux_.txt (take A).mp3"
    assert name_of(client.get(f"/library/clips/{take.pk}/cover.jpg?download=1")) == "aux_.txt cover.jpg"


def test_a_cover_is_downloaded_as_that_of_its_song(band: Band) -> None:
    song = band.song("Łódź nocą")
    take = song.takes.get()
    file = store(take, "cover", picture())
    address, client = f"/library/clips/{take.pk}/cover.jpg", band.client("viewer")
    assert name_of(client.get(f"{address}?download=1")) == "Łódź nocą cover.jpg"
    assert "attachment" not in client.get(address)["Content-Disposition"]
    assert f"{address}?download=1" in client.get(f"/library/clips/{take.pk}/").content.decode()
    assert playback.cover_name(take, "image/png") == "Łódź nocą cover.png"
    ClipFile.objects.filter(pk=file.pk).delete()
    assert client.get(f"{address}?download=1").status_code == 404


# What a rename does to the files that are here.


def title_in(file: ClipFile) -> str:
    with file.file.open("rb") as stored:
        tags = mutagen.File(BytesIO(stored.read()))  # type: ignore[attr-defined]
    return str(tags["\xa9nam"][0] if file.kind == "m4a" else tags["TIT2"].text[0])


def due() -> set[str]:
    return set(ClipFile.objects.filter(next_try_at__lte=timezone.now()).values_list("kind", flat=True))


def work() -> None:
    for file in ClipFile.objects.filter(next_try_at__lte=timezone.now()).order_by("pk"):
        assert archiver.archive(file.pk)


@pytest.fixture
def kept(band: Band) -> Song:
    """As it was kept before which title it carries was written down."""
    song = band.song("Ferry")
    for kind in ("mp3", "m4a", "wav"):
        store(song.takes.get(), kind, sound(kind))
    ClipFile.objects.update(has_cover=True)
    return song


def test_a_rename_reaches_the_tags_of_the_stored_files(kept: Song) -> None:
    rename(kept, "Łódź nocą")
    assert due() == {"mp3", "m4a", "wav"}
    before = {file.kind: file.file.name for file in ClipFile.objects.all()}
    work()
    for file in ClipFile.objects.all():
        assert title_in(file) == "Łódź nocą"
        assert (file.former, file.title_in_tags) == (before[file.kind], "Łódź nocą")
    assert due() == set()


@pytest.mark.long
def test_a_rename_while_a_former_file_is_still_heard_comes_after_it(kept: Song) -> None:
    rename(kept, "First")
    work()
    rename(kept, "Second")
    assert due() == set(), "somebody may hear the former file"
    ClipFile.objects.update(next_try_at=timezone.now())
    work()  # the former goes
    work()
    assert {title_in(file) for file in ClipFile.objects.all()} == {"Second"}


@pytest.mark.long
def test_the_last_of_two_quick_renames_counts(kept: Song, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the second one comes while the files are tagged with the first."""
    rename(kept, "First")
    really = archiver.tag_renewal.storage_writer.measure

    def meanwhile(copy: BytesIO) -> dict[str, object]:
        if not Song.objects.filter(name="Second").exists():
            rename(kept, "Second")
        return really(copy)

    monkeypatch.setattr("apps.library.archiving.tag_renewal.storage_writer.measure", meanwhile)
    for _ in range(5):
        ClipFile.objects.exclude(next_try_at=None).update(next_try_at=timezone.now())
        work()
    assert {title_in(file) for file in ClipFile.objects.all()} == {"Second"}
    assert due() == set()


def test_the_same_name_and_what_is_not_kept_cost_nothing(kept: Song) -> None:
    rename(kept, "First")
    work()
    ClipFile.objects.update(former="", next_try_at=None)
    rename(kept, "First")
    assert due() == set()
    Clip.objects.update(title="Another one of theirs")
    assert due() == set()
