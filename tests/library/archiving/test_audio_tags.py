"""Tags: written once, into a file whose own tags are not believed; the cover gets in also when it comes last."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from mutagen import File as read_tags
from mutagen.id3 import ID3, PRIV, TIT2
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4
from mutagen.wave import WAVE
from PIL import Image

from apps.library.archiving import archiver, quota
from apps.library.archiving.audio_tags import Tags, write_tags
from apps.library.archiving.decoding import hear
from apps.library.models import Clip, ClipFile
from tests.library.conftest import answering, files_in, make_band
from tests.library.sounds import picture, sound
from tests.upstream.scripted import Script, ScriptedServer, reply

Kind, State = ClipFile.Kind, ClipFile.State
Cheat = Callable[..., ScriptedServer]
READERS = {"mp3": MP3, "wav": WAVE}


@pytest.mark.parametrize("kind", ["mp3", "wav"])
def test_what_came_with_the_file_is_dropped_unread(kind: str) -> None:
    """A frame may be compressed, and unpack to a gigabyte."""
    file = BytesIO(sound(kind))
    foreign = READERS[kind](fileobj=file)
    foreign.tags or foreign.add_tags()
    foreign.tags.add(TIT2(encoding=3, text="theirs"))
    foreign.tags.add(PRIV(owner="bomb", data=b"0" * 1_000_000))
    foreign.save(fileobj=file) if kind == "wav" else ID3.save(foreign.tags, file)
    assert len(file.getvalue()) > 1_000_000

    write_tags(file, kind, Tags(title="Copper Rain", lyrics="[Verse 1]", prompt="slow disco"))

    file.seek(0)
    kept = READERS[kind](fileobj=file)
    assert str(kept.tags["TIT2"]) == "Copper Rain"
    assert not kept.tags.getall("PRIV")
    assert kept.info.length > 0.5


def tags_of(file: ClipFile) -> dict[str, Any]:
    """Title, words, prompt and the format of the cover, from the bytes that are stored."""
    tags = read_tags(file.file.path).tags
    if file.kind == "m4a":
        covers = tags.get("covr") or [b""]
        texts = {name: (tags.get(key) or [""])[0] for name, key in MP4_KEYS.items()}
    else:
        covers = [frame.data for frame in tags.getall("APIC")] or [b""]
        texts = {name: "".join(str(frame) for frame in tags.getall(key)) for name, key in ID3_KEYS.items()}
    return texts | {"cover": Image.open(BytesIO(covers[0])).format if covers[0] else ""}


MP4_KEYS = {"title": "\xa9nam", "words": "\xa9lyr", "prompt": "\xa9cmt"}
ID3_KEYS = {"title": "TIT2", "words": "USLT", "prompt": "COMM"}


class Shop:
    """A take whose files are at a server of its own: each answers as the test says."""

    def __init__(self, cheat: Cheat, *, cover: Script) -> None:
        mp3 = cheat(answering(sound("mp3"), "audio/mpeg"))
        band = make_band(f"{mp3.origin}/v1")
        song = band.song(prompt="slow disco")
        Clip.objects.update(duration_s=3.0, title="Last Ferry Home", lyrics="[Verse 1]\nCity lights")
        self.take = song.takes.get()
        scripts = {
            "cover": cover,
            "m4a": answering(sound("m4a")),
            "mp3": None,
            "wav": answering(sound("wav")),
        }
        for kind, script in scripts.items():
            link = f"{cheat(script).origin}/x" if script else ""
            self.take.files.create(kind=kind, source_url=link, next_try_at=timezone.now())

    def file(self, kind: str) -> ClipFile:
        return ClipFile.objects.get(clip=self.take, kind=kind)

    def archive(self, kind: str) -> bool:
        return archiver.archive(self.file(kind).pk)

    def used(self) -> int:
        return quota.usage(self.take.team_id).used


WHOLE = {
    "title": "Last Ferry Home",
    "words": "[Verse 1]\nCity lights",
    "prompt": "slow disco",
    "cover": "JPEG",
}
AUDIO = ("m4a", "mp3", "wav")


@pytest.mark.long
@pytest.mark.django_db
def test_audio_waits_for_a_cover_that_is_on_its_way(cheat: Cheat) -> None:
    """WebP, which players can't show, is put in as JPEG."""
    shop = Shop(cheat, cover=answering(picture(kind="WEBP"), "image/webp"))
    assert not any(shop.archive(kind) for kind in AUDIO)
    assert shop.archive("cover")
    for kind in AUDIO:
        assert shop.archive(kind)
        assert tags_of(shop.file(kind)) == WHOLE
        assert shop.file(kind).has_cover
        assert shop.file(kind).next_try_at is None
        hear(BytesIO(Path(shop.file(kind).file.path).read_bytes()), kind, expected_s=3.0)


@pytest.mark.django_db
def test_the_end_of_the_cover_wakes_the_audio(
    cheat: Cheat, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    shop = Shop(cheat, cover=reply(404, b""))
    with django_capture_on_commit_callbacks() as woken:
        assert not shop.archive("cover")
    assert len(woken) == 3
    assert shop.archive("m4a"), "it waits no longer"


@pytest.mark.long
@pytest.mark.django_db
def test_a_cover_that_comes_last_gets_into_the_tags_of_a_second_file(cheat: Cheat, media: Path) -> None:
    shop = Shop(cheat, cover=answering(picture(), "image/jpeg"))
    with time_machine.travel(
        timezone.now() + archiver.COVER_FIRST + timedelta(seconds=1), tick=False
    ) as clock:
        assert all(shop.archive(kind) for kind in AUDIO), "it doesn't wait for ever"
        before = {kind: shop.file(kind) for kind in AUDIO}
        assert tags_of(before["m4a"]) == WHOLE | {"cover": ""}
        assert shop.archive("cover")
        assert {file.kind for file in ClipFile.objects.due(timezone.now())} == set(AUDIO)
        for kind in AUDIO:
            assert shop.archive(kind)
            now = shop.file(kind)
            assert tags_of(now) == WHOLE
            assert (now.former, now.tries, now.claim) == (before[kind].file.name, 0, None)
            assert now.sha256 != before[kind].sha256
            assert Path(before[kind].file.path).exists(), "somebody may be hearing it"
        assert not shop.archive("m4a")
        clock.shift(timedelta(minutes=16))
        assert archiver.wake_due() == 3
        assert all(shop.archive(kind) for kind in AUDIO)
        assert list(ClipFile.objects.due(timezone.now())) == []
    names = set(ClipFile.objects.values_list("file", flat=True))
    assert {path.relative_to(media).as_posix() for path in files_in(media)} == names
    assert shop.used() == sum(path.stat().st_size for path in files_in(media))


@pytest.mark.django_db
def test_a_stored_file_that_was_changed_is_not_tagged_as_if_it_were_good(cheat: Cheat) -> None:
    shop = Shop(cheat, cover=answering(picture(), "image/jpeg"))
    with time_machine.travel(timezone.now() + archiver.COVER_FIRST + timedelta(seconds=1), tick=False):
        assert shop.archive("m4a")
        Path(shop.file("m4a").file.path).write_bytes(sound("m4a", 2.0))
        assert shop.archive("cover")
        assert not shop.archive("m4a")
    file = shop.file("m4a")
    assert (file.state, file.has_cover, file.former, file.tries) == (State.STORED, False, "", 1)
    assert MP4(file.file.path).info.length == pytest.approx(2, abs=0.1)
