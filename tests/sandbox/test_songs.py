"""The music itself: does it follow the words of the prompt, and does it sound?"""

import uuid
from typing import Any

import numpy as np
import pytest

from apps.sandbox.songs import brief, harmony, plan
from apps.sandbox.songs.performance import perform
from apps.sandbox.songs.song import PlayedSong
from apps.sandbox.songs.words import sung_lines

pytestmark = pytest.mark.long

TAKES = (0, 1)


def song(prompt: str, take: int = 0, number: int = 1, **request: Any) -> PlayedSong:
    return PlayedSong.of_request({"prompt": prompt, **request}, str(uuid.UUID(int=number)), take)


def heard_bpm(samples: np.ndarray) -> float:
    """Tempo by autocorrelation of how much louder each 10 ms is than the one before; 60 to 120 beats a minute."""
    step = 441
    mono = samples.mean(axis=1)[: len(samples) // step * step].reshape(-1, step)
    loudness = np.log(np.sqrt((mono**2).mean(axis=1)) + 50)
    onsets = np.clip(np.diff(loudness), 0, None)
    onsets -= onsets.mean()
    lags = np.arange(50, 101)
    strength = [float((onsets[:-lag] * onsets[lag:]).sum()) for lag in lags]
    return float(6000 / lags[int(np.argmax(strength))])


@pytest.mark.parametrize("bpm", [66, 80, 92, 112])
def test_the_tempo_is_the_one_in_the_prompt(bpm: int) -> None:
    heard = heard_bpm(perform(song(f"rock without words, {bpm} bpm")))
    assert heard == pytest.approx(bpm, rel=0.03)


@pytest.mark.parametrize(
    ("words", "bpm"),
    [("a tune", 96), ("a slow tune", 72), ("a fast tune", 136), ("slow, 101 BPM", 101), ("9 bpm", 96),
     ("999 bpm", 220), ("12 bpm", 40)],
)  # fmt: skip
def test_the_tempo_that_is_meant(words: str, bpm: int) -> None:
    assert song(words).brief.bpm == bpm


def test_words_choose_mode_and_style() -> None:
    assert song("a sad tune").brief.minor
    assert not song("a happy tune").brief.minor
    assert (song("a waltz").brief.style, song("a waltz").brief.meter) == ("waltz", 3)
    assert [song(f"some {style} tune").brief.style for style in ("disco", "rock", "lofi", "lo-fi")] == [
        "disco", "rock", "lofi", "lofi"
    ]  # fmt: skip


def test_a_minor_tune_has_a_minor_third() -> None:
    for words, third in (("sad", 3), ("happy", 4)):
        tune = song(f"a {words} tune").brief
        assert harmony.scale_pitch(tune, 2) - harmony.scale_pitch(tune, 0) == third


@pytest.mark.parametrize("words", ["pop", "slow waltz", "rock 180 bpm", "lofi 60 bpm", "disco [short]"])
def test_a_take_lasts_exactly_what_its_record_says_and_never_clips(words: str) -> None:
    take = song(words)
    samples = perform(take)
    assert samples.shape == (round(take.seconds * 44_100), 2)
    assert samples.dtype == np.int16
    levels = samples / 32768
    assert 0.55 < np.abs(levels).max() < 0.75, "room for what lossy codecs add"
    assert np.abs(levels[-40:]).max() < 0.01, "it fades out"
    quarters = [np.sqrt((part**2).mean()) for part in np.array_split(levels[:-88_200], 4)]
    assert min(quarters) > 0.04, "no quarter of it is silent"
    assert np.abs(levels[:, 0] - levels[:, 1]).mean() > 0.005, "it is stereo"


def test_lengths() -> None:
    lengths = [song(f"song {number}", take).seconds for number in range(40) for take in TAKES]
    assert 23 < min(lengths) < max(lengths) < 41
    assert song("x [long]").seconds == pytest.approx(180, abs=4)
    assert song("x [short]").seconds == pytest.approx(8, abs=3)


@pytest.mark.parametrize("words", ["a tune [short]", "no words [short]", "waltz [short]", "rock [short]"])
def test_two_takes_differ_but_share_title_key_and_tempo(words: str) -> None:
    one, two = (song(words, take) for take in TAKES)
    assert (one.title, one.brief) == (two.title, two.brief)
    first, second = perform(one), perform(two)
    shorter = min(len(first), len(second))
    first, second = first[:shorter].astype(float).ravel(), second[:shorter].astype(float).ravel()
    assert abs(float(np.corrcoef(first, second)[0, 1])) < 0.85


def test_a_take_always_comes_out_the_same() -> None:
    assert (perform(song("a tune [short]")) == perform(song("a tune [short]"))).all()


def test_words_are_written_only_if_somebody_sings() -> None:
    sung = song("a song about a lighthouse")
    assert "[Verse 1]\n" in sung.lyrics
    assert "[Chorus]\n" in sung.lyrics
    for silent in (song("x", instrumental=True), song("a tune, no vocals"), song("instrumental jazz")):
        assert (silent.lyrics, silent.timing) == ("[Instrumental]", None)


def test_own_words_are_echoed_and_always_sung() -> None:
    own = "[Verse]\nOne line\n\nTwo lines\n"
    mine = song("an instrumental feeling", lyrics=own)
    assert mine.lyrics == own
    assert len(mine.timing or []) == 2


def test_own_words_without_a_line_have_no_timing() -> None:
    assert song("x", lyrics="[Intro]").timing is None


@pytest.mark.parametrize("words", ["pop", "waltz 60 bpm", "rock 200 bpm [long]", "x [short]"])
def test_timing_is_one_pair_per_line_in_order_within_the_song(words: str) -> None:
    take = song(words)
    assert take.timing is not None
    assert len(take.timing) == sung_lines(take.lyrics)
    times = [moment for pair in take.timing for moment in pair]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] <= take.seconds


def test_the_pro_ghostwriter_writes_more() -> None:
    assert sung_lines(song("x", ghostwriter="pro").lyrics) == 2 * sung_lines(song("x").lyrics)


@pytest.mark.parametrize("seconds", [8, 15, 25, 37, 180])
@pytest.mark.parametrize("bpm", [40, 96, 220])
def test_sections_follow_each_other_without_a_gap(seconds: int, bpm: int) -> None:
    base = brief.read({"prompt": f"{bpm} bpm {'[short]' if seconds == 8 else ''}"})
    drawn = plan.draw(brief.Brief(**{**vars(base), "seconds": seconds}), "x")
    bar = 0
    for section in drawn.sections:
        assert section.first == bar
        assert section.bars > 0
        bar += section.bars
    assert bar == drawn.bars
    assert drawn.sections[0].name == "intro"
    assert drawn.sections[-1].name == "outro"


def test_prompts_of_any_kind_make_a_song() -> None:
    for prompt in ("😀" * 30, "日本の歌 [short]", "\x00", "{a} {b} %s", "-" * 9999):
        assert song(prompt).title.strip()
