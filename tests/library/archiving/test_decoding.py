"""Decoding, loudness, covers, tones and tags, on real files."""

from io import BytesIO

import numpy as np
import pytest
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4
from PIL import Image

from apps.library.archiving.audio_tags import Tags, write_tags
from apps.library.archiving.cover_tones import TONES, nearest_tone
from apps.library.archiving.covers import examine
from apps.library.archiving.decoding import hear
from apps.library.archiving.errors import BadFile
from apps.library.archiving.loudness import PARTS, Loudness
from tests.library.sounds import picture, sound

KINDS = ("m4a", "mp3", "wav")


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_file_is_heard_to_its_end(kind: str) -> None:
    heard = hear(BytesIO(sound(kind)), kind, expected_s=3.0)
    assert heard.duration_s == pytest.approx(3.0, abs=0.1)
    assert len(heard.peaks) == len(heard.rms) == PARTS
    assert max(heard.peaks) == 255


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.3, 0.6])
def test_half_a_file_is_refused(kind: str, share: float) -> None:
    whole = sound(kind, 20.0)
    with pytest.raises(BadFile):
        hear(BytesIO(whole[: int(len(whole) * share)]), kind, expected_s=20.0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 4000,
        b"\n <!DOCTYPE html><html><title>502</title></html>",
        b'{"error": "no"}',
        b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/x.mp3\n",
    ],
)
def test_what_is_no_audio_is_refused(kind: str, content: bytes) -> None:
    with pytest.raises(BadFile):
        hear(BytesIO(content), kind, expected_s=None)


def test_another_length_than_the_record_says_is_refused() -> None:
    with pytest.raises(BadFile, match="lasts 3 s instead of 9 s"):
        hear(BytesIO(sound("mp3")), "mp3", expected_s=9.0)
    assert hear(BytesIO(sound("mp3")), "mp3", expected_s=3.9).duration_s < 3.2


def test_a_blink_of_sound_is_refused() -> None:
    with pytest.raises(BadFile, match="no sound"):
        hear(BytesIO(sound("wav", 0.2)), "wav", expected_s=None)


def test_a_quiet_song_is_as_visible_as_a_loud_one_and_its_quiet_half_smaller() -> None:
    loud = hear(BytesIO(sound("wav", quiet_half=True)), "wav", expected_s=None)
    soft = hear(BytesIO(sound("wav", level=0.02, quiet_half=True)), "wav", expected_s=None)
    assert np.allclose(loud.peaks, soft.peaks, atol=6)
    first, second = np.mean(soft.peaks[:180]), np.mean(soft.peaks[200:])
    assert second == pytest.approx(first * 0.1**0.6, rel=0.1)
    assert all(rms <= peak for rms, peak in zip(loud.rms, loud.peaks, strict=True))


def test_silence_is_drawn_flat_and_few_samples_make_all_parts() -> None:
    loudness = Loudness()
    loudness.add(np.zeros((2, 5000), np.float32))
    assert loudness.parts() == ([0] * PARTS, [0] * PARTS)
    assert Loudness.parts(_with(np.zeros((1, 0), np.float32))) == ([0] * PARTS, [0] * PARTS)


def _with(samples: np.ndarray) -> Loudness:
    loudness = Loudness()
    loudness.add(samples)
    return loudness


def test_pieces_of_any_size_give_the_same_loudness() -> None:
    samples = np.random.default_rng(1).uniform(-1, 1, (2, 100_000)).astype(np.float32)
    pieces = Loudness()
    for start in range(0, 100_000, 777):
        pieces.add(samples[:, start : start + 777])
    assert pieces.parts() == _with(samples).parts()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_cover_gets_a_small_picture_and_its_type(kind: str) -> None:
    cover = examine(BytesIO(picture(kind=kind, size=(400, 300))))
    assert cover.content_type == f"image/{kind.lower()}"
    with Image.open(BytesIO(cover.thumb)) as thumb:
        assert (thumb.format, thumb.size) == ("WEBP", (160, 160))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html></html>",
        picture()[:400],
        picture(kind="GIF"),
        picture(size=(9000, 9000), kind="PNG"),
    ],
)
def test_what_is_no_cover_is_refused(content: bytes) -> None:
    with pytest.raises(BadFile):
        examine(BytesIO(content))


@pytest.mark.parametrize("tone", list(TONES))
def test_each_tone_is_nearest_to_itself(tone: str) -> None:
    assert nearest_tone(Image.new("RGB", (20, 20), TONES[tone])) == tone


def test_the_most_colourful_part_decides_and_grey_has_no_tone() -> None:
    cover = Image.new("RGB", (100, 100), (40, 44, 48))
    cover.paste((255, 120, 80), (0, 0, 100, 30))
    assert nearest_tone(cover) == "coral"
    assert nearest_tone(Image.new("L", (10, 10), 128)) == ""


TAGS = Tags("Färja", "[Verse]\nHome", "slow disco", picture(), "image/jpeg")


def test_an_mp3_carries_its_title_lyrics_prompt_and_cover() -> None:
    file = BytesIO(sound("mp3"))
    write_tags(file, "mp3", TAGS)
    file.seek(0)
    tags = MP3(fileobj=file).tags
    assert tags["TIT2"].text == ["Färja"]
    assert tags.getall("USLT")[0].text == "[Verse]\nHome"
    assert tags.getall("COMM")[0].text == ["slow disco"]
    assert tags.getall("APIC")[0].data == TAGS.cover
    assert hear(file, "mp3", expected_s=3.0)


def test_an_m4a_carries_its_title_lyrics_prompt_and_cover() -> None:
    file = BytesIO(sound("m4a"))
    write_tags(file, "m4a", TAGS)
    file.seek(0)
    tags = MP4(fileobj=file).tags
    assert (tags["\xa9nam"], tags["\xa9lyr"], tags["\xa9cmt"]) == (
        ["Färja"],
        ["[Verse]\nHome"],
        ["slow disco"],
    )
    assert bytes(tags["covr"][0]) == TAGS.cover
    assert hear(file, "m4a", expected_s=3.0)


def test_tags_on_garbage_are_refused() -> None:
    for kind in ("m4a", "mp3", "wav"):
        with pytest.raises(BadFile):
            write_tags(BytesIO(b"<html>no</html>"), kind, TAGS)
