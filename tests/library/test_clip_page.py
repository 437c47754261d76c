"""The page of one take: level match, words in time, the pair, details and what one does from here."""

from io import BytesIO

import numpy as np
import pytest

from apps.library.decoding import hear
from apps.library.loudness import Loudness
from apps.library.models import Clip
from tests.library.conftest import Band, store
from tests.library.sounds import RATE, sound


def tone(seconds: float, level: float) -> np.ndarray:
    times = np.arange(round(seconds * RATE)) / RATE
    wave = (level * np.sin(2 * np.pi * 440 * times)).astype(np.float32)
    return np.stack([wave, wave])


def gated(*pieces: np.ndarray) -> float | None:
    loudness = Loudness()
    for piece in pieces:
        loudness.add(piece)
    return loudness.gated_db(sum(piece.shape[1] for piece in pieces) / RATE)


def test_loudness_is_that_of_what_sounds() -> None:
    assert gated(tone(4, 1.0)) == pytest.approx(-3.0, abs=0.1)
    assert gated(tone(4, 0.5)) == pytest.approx(-9.0, abs=0.1)
    # Neither silence nor a faint ending makes a song quieter than it is felt.
    assert gated(tone(4, 1.0), tone(8, 0.0), tone(4, 0.01)) == pytest.approx(-3.0, abs=0.3)


@pytest.mark.parametrize("level", [0.0, np.nan, np.inf])
def test_what_is_no_sound_has_no_loudness(level: float) -> None:
    assert gated(np.full((2, RATE), level, np.float32)) is None


@pytest.mark.parametrize("kind", ["m4a", "mp3"])
def test_a_decoded_file_says_how_loud_it_is(kind: str) -> None:
    assert hear(BytesIO(sound(kind, level=0.5)), kind, expected_s=3.0).loudness_db == pytest.approx(
        -9, abs=0.5
    )


@pytest.mark.parametrize(
    ("loudness", "gains"),
    [
        ((-9.0, -12.24), ("-3.2", "0.0")),
        ((-12.0, -12.0), ("0.0", "0.0")),
        ((-9.0, None), ("0.0", "0.0")),
        ((None, None), ("0.0", "0.0")),
        ((-6.0, -60.0), ("-12.0", "0.0")),
        ((-9.0, -12.0, -10.0), ("-3.0", "0.0", "-2.0")),
    ],
)
def test_the_louder_take_is_lowered_and_none_is_raised(
    band: Band, loudness: tuple[float | None, ...], gains: tuple[str, ...]
) -> None:
    song = band.song(*("Ferry" for _ in loudness))
    takes = list(song.takes.all())
    for take, db in zip(takes, loudness, strict=True):
        store(take, "mp3", b"x")
        Clip.objects.filter(pk=take.pk).update(loudness_db=db)
    page = band.client("viewer").get("/library/").content.decode()
    for take, gain in zip(takes, gains, strict=True):
        line = page[page.index(f'data-clip="{take.pk}" data-title') :]
        assert line[line.index("data-gain=") :].startswith(f'data-gain="{gain}"')
