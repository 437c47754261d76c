"""Ordinary files with something odd about them are taken, and sent in order; what is refused is told its cause."""

from collections.abc import Iterator
from io import BytesIO
from tempfile import TemporaryFile
from typing import BinaryIO

import pytest
from PIL import Image

from apps.library.archiving import file_types, guard, repairs
from apps.library.archiving.audio_tags import Tags
from apps.library.archiving.errors import BadFile
from apps.sandbox import uploads
from tests.library.odd_files import PICTURES, SOUNDS, mp3, photo, wav, with_chapter_pictures
from tests.library.sounds import picture, sound

pytestmark = pytest.mark.long

OPENED: list[BinaryIO] = []
TAGS = Tags("Färja", "[Verse]\nHome", "slow disco", picture(), "image/jpeg")


@pytest.fixture(autouse=True)
def opened() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


def file_of(content: bytes) -> BinaryIO:
    file = TemporaryFile()  # noqa: SIM115 - closed with the test
    OPENED.append(file)
    file.write(content)
    return file


def taken_in(content: bytes) -> repairs.Repaired:
    found = file_types.recognise(content[: file_types.HEAD])
    made = repairs.put_in_order(file_of(content), len(content), found)
    OPENED.append(made.file)
    return made


def bytes_of(made: repairs.Repaired) -> bytes:
    made.file.seek(0)
    return made.file.read()


def as_the_api_sees_it(made: repairs.Repaired) -> bool:
    return uploads.format_of(bytes_of(made)[: uploads.HEAD]) in uploads.KINDS[made.type.content_type].formats


@pytest.mark.parametrize("name", SOUNDS)
def test_sound_that_plays_everywhere_is_taken_and_begins_as_the_api_wants_it(name: str) -> None:
    _, make, seconds = SOUNDS[name]
    made = taken_in(make())
    assert guard.examine(made.file, made.type).duration_s == pytest.approx(seconds, abs=0.15)
    assert as_the_api_sees_it(made)
    again = taken_in(bytes_of(made))
    assert not again.is_new, "in order, it stays as it is"


@pytest.mark.parametrize("name", [each for each, (kind, *_) in SOUNDS.items() if kind != "aac"])
def test_a_song_that_was_paid_for_is_stored_when_it_plays(name: str) -> None:
    kind, make, seconds = SOUNDS[name]
    heard, has_cover = guard.check_song(file_of(make()), kind, TAGS, expected_s=seconds)
    assert heard.duration_s == pytest.approx(seconds, abs=0.15)
    assert max(heard.peaks) == 255
    assert has_cover, "its cover is in its tags"


def test_a_song_begins_with_its_tag_and_then_its_sound() -> None:
    file = file_of(SOUNDS["junk before the sound"][1]())
    guard.check_song(file, "mp3", TAGS, expected_s=2.0)
    file.seek(0)
    content = file.read()
    size = sum(byte << 7 * place for place, byte in enumerate(reversed(content[6:10])))
    assert (content[:3], content[10 + size : 12 + size]) == (b"ID3", b"\xff\xfb")


def test_the_record_knows_better_than_the_file_how_long_a_song_is() -> None:
    """An encoder may have written too many frames into its header."""
    content = mp3(4.0)
    at = content.index(b"Info") + 8
    wrong = content[:at] + (9999).to_bytes(4, "big") + content[at + 4 :]
    assert guard.check_song(file_of(wrong), "mp3", TAGS, expected_s=4.0)
    with pytest.raises(BadFile, match="ends at 4 s instead of 261 s"):
        guard.check_song(file_of(wrong), "mp3", TAGS, expected_s=None)


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_that_open_everywhere_are_taken_and_are_whole(name: str) -> None:
    make, size = PICTURES[name]
    made = taken_in(make())
    seen = guard.examine(made.file, made.type)
    assert (seen.width, seen.height) == size
    assert as_the_api_sees_it(made)
    content = bytes_of(made)
    assert (made.type != file_types.JPEG) or content.endswith(b"\xff\xd9"), "what follows the end is left out"
    assert not taken_in(content).is_new
    assert guard.examine_cover(file_of(content)).thumb, "as the cover of a song, too"


def thumb(name: str) -> Image.Image:
    made = taken_in(PICTURES[name][0]())
    with Image.open(BytesIO(guard.examine(made.file, made.type).thumb)) as small:
        return small.convert("RGB")


def test_deep_grey_is_scaled() -> None:
    ramp = [thumb("16 bits of grey").getpixel((x, 160))[0] for x in (2, 80, 160, 240, 317)]
    assert ramp == pytest.approx([1, 64, 128, 192, 254], abs=6)


@pytest.mark.parametrize("name", ["a black logo", "a white logo"])
def test_a_shape_on_nothing_can_be_seen(name: str) -> None:
    small = thumb(name)
    inside, outside = small.getpixel((160, 160))[0], small.getpixel((9, 9))[0]
    assert abs(inside - outside) > 80


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (sound("mp2", 2.0), "MPEG layer II sound, as broadcasters use it. Save it as MP3."),
        (b"ID3\3\0\0\0\0\0\0" + sound("mp2", 2.0), "MPEG layer II"),
        (mp3(20.0)[:150_000], "This MP3 was cut short"),
        (mp3()[:2000] + bytes(range(1, 256)) * 9, "This MP3 was cut short"),
        (wav()[:16_000], "This WAV was cut short"),
        (photo()[:-200], "This JPEG was cut short"),
        (photo()[:-200] + bytes(4000), "This JPEG was cut short"),
        (photo(progressive=True)[:-200], "This JPEG was cut short"),
        (photo() + photo()[:2] + b"x" * 70_000, "Something else follows"),
        (bytes(range(1, 256)) * 99, "none of the kinds that can be sent"),
    ],
)
def test_what_is_refused_while_it_comes_is_told_its_cause(content: bytes, words: str) -> None:
    with pytest.raises(BadFile, match=words):
        taken_in(content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (with_chapter_pictures(a_second=5), "This is a video."),
        (b"ID3\3\0\0\0\0\0\0" + bytes(range(1, 256)) * 99, "can't be read"),
    ],
)
def test_what_is_refused_when_it_is_examined_is_told_its_cause(content: bytes, words: str) -> None:
    made = taken_in(content)
    with pytest.raises(BadFile, match=words):
        guard.examine(made.file, made.type)


@pytest.mark.parametrize("kind", ["m4a", "mp3", "wav"])
def test_a_song_whose_second_half_is_missing_is_not_stored(kind: str) -> None:
    whole = sound(kind, 20.0)
    with pytest.raises(BadFile):
        guard.check_song(file_of(whole[: len(whole) // 2]), kind, TAGS, expected_s=20.0)
    with pytest.raises(BadFile, match="20 s instead of 23 s"):
        guard.check_song(file_of(whole), kind, TAGS, expected_s=23.0)


def test_a_song_without_usable_tags_or_cover_is_stored_all_the_same() -> None:
    broken = Tags("Färja", "", "", b"no picture at all", "image/webp")
    heard, has_cover = guard.check_song(file_of(mp3()), "mp3", broken, expected_s=2.0)
    assert (round(heard.duration_s), has_cover) == (2, False)
