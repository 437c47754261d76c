"""What edits sound like: each does honestly what it says, and leaves alone what it doesn't touch."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from apps.sandbox.server import Sandbox
from tests.sandbox.client import Client

pytestmark = pytest.mark.long

RATE = 44_100
PARTS = ["drums", "bass", "vocals", "other"]


@pytest.fixture
def clip(client: Client) -> dict[str, Any]:
    return dict(client.song("rock about rain [short]")["clips"][0])


def level(samples: NDArray[np.int64]) -> float:
    return float(np.sqrt((samples.astype(float) ** 2).mean()))


def effect(client: Client, clip: dict[str, Any], name: str, **numbers: float) -> NDArray[np.int64]:
    result = client.edited(clip["clip"], "effect", effect=name, **numbers)
    samples = client.samples(result)
    assert len(samples) / RATE == pytest.approx(result["duration_s"], abs=0.01)
    assert result["seed"] is None
    return samples


def test_effects(client: Client, clip: dict[str, Any]) -> None:
    before = client.samples(clip)
    trimmed = effect(client, clip, "Trim", start_s=1, end_s=3)
    assert (trimmed == before[RATE : 3 * RATE]).all()
    assert np.abs(effect(client, clip, "Gain", gain_db=-6) - before * 10 ** (-6 / 20)).max() <= 1
    faded = effect(client, clip, "Fade", fade_in_s=2, fade_out_s=0)
    assert np.abs(faded[RATE // 2] - before[RATE // 2] * 0.25).max() <= 1
    assert (faded[2 * RATE :] == before[2 * RATE :]).all()
    left = effect(client, clip, "Pan", pan=-1)
    assert (left[:, 0] == before[:, 0]).all()
    assert not left[:, 1].any()
    wet = effect(client, clip, "Reverb", mix=0.5, room_size=1)
    tail = slice(-RATE // 4, None)
    assert level(wet[tail]) > 2 * level(before[tail]), "the room goes on when the song fades"
    boomy = effect(client, clip, "Equalizer", bass_db=12, mid_db=0, treble_db=-12)
    assert share_below(boomy, 200) > share_below(before, 200)
    assert share_below(boomy, 5000) > share_below(before, 5000)


def share_below(samples: NDArray[np.int64], frequency: float) -> float:
    power = np.abs(np.fft.rfft(samples[:, 0])) ** 2
    return float(power[np.fft.rfftfreq(len(samples), 1 / RATE) < frequency].sum() / power.sum())


def test_timing_follows_a_trim(client: Client, clip: dict[str, Any]) -> None:
    (first, *_) = clip["lyrics_timing"]
    result = client.edited(clip["clip"], "effect", effect="Trim", start_s=first[0], end_s=first[1])
    assert result["lyrics_timing"][0] == [0.0, result["duration_s"]]
    assert all(0 <= start <= end <= result["duration_s"] for start, end in result["lyrics_timing"])


def test_extend_adds_and_keeps_what_was_there(client: Client, clip: dict[str, Any]) -> None:
    before = client.samples(clip)
    longer = client.edited(clip["clip"], "extend", instruction="softer", extend_s=4)
    assert longer["duration_s"] == pytest.approx(clip["duration_s"] + 4)
    samples = client.samples(longer)
    assert (samples[: len(before)] == before).all()
    assert level(samples[len(before) :]) > 500
    early = client.edited(clip["clip"], "extend", instruction="softer", extend_s=4, extend_from_s=2)
    assert early["duration_s"] == 6
    assert (client.samples(early)[: 2 * RATE] == before[: 2 * RATE]).all()
    default = client.edited(clip["clip"], "extend", instruction="softer")
    assert default["duration_s"] == pytest.approx(clip["duration_s"] + 150)


def test_replace_changes_the_section_alone(client: Client, clip: dict[str, Any]) -> None:
    before = client.samples(clip)
    form = {"instruction": "softer piano", "mask_start_s": 2, "mask_end_s": 4.5}
    result = client.samples(client.edited(clip["clip"], "replace", **form))
    assert result.shape == before.shape
    inside = slice(2 * RATE, int(4.5 * RATE))
    assert (result[: inside.start] == before[: inside.start]).all()
    assert (result[inside.stop :] == before[inside.stop :]).all()
    assert level(result[inside] - before[inside]) > 500
    assert np.abs(np.diff(result, axis=0)[[inside.start - 1, inside.stop - 1]]).max() < 3000, (
        "no click at the seams"
    )


@pytest.mark.parametrize(
    ("operation", "form"),
    [("cover", {"instruction": "a waltz"}),
     ("replace", {"instruction": "x", "mask_start_s": 0, "mask_end_s": 2})],
)  # fmt: skip
def test_a_seed_pins_the_result(
    client: Client, clip: dict[str, Any], operation: str, form: dict[str, Any]
) -> None:
    one, two = (client.edited(clip["clip"], operation, seed=7, **form) for _ in range(2))
    assert (one["seed"], two["seed"]) == (7, 7)
    assert (client.samples(one) == client.samples(two)).all()
    other = client.samples(client.edited(clip["clip"], operation, seed=8, **form))
    assert other.shape != client.samples(one).shape or (other != client.samples(one)).any()
    assert isinstance(client.edited(clip["clip"], operation, **form)["seed"], int), "the model's own choice"


def test_remix_sings_the_new_words(client: Client, clip: dict[str, Any]) -> None:
    lyrics = "[Verse]\nOne\nTwo\nThree"
    result = client.edited(clip["clip"], "remix", lyrics=lyrics, prompt="a slow waltz")
    assert (result["lyrics"], len(result["lyrics_timing"])) == (lyrics, 3)


def test_the_stems_of_an_edit_of_an_edit_add_up_to_it(quick: Sandbox) -> None:
    client = Client(quick.url)
    clip = client.song("disco about rain [short]")["clips"][1]
    louder = client.edited(clip["clip"], "effect", effect="Equalizer", bass_db=3, mid_db=-2, treble_db=1)
    mended = client.edited(louder["clip"], "replace", instruction="y", mask_start_s=1, mask_end_s=2)
    whole = client.samples(mended)
    stems = client.edit(mended["clip"], "stems").json["clips"]
    parts = [client.samples(stem) for stem in stems]
    assert [stem["stem_type"] for stem in stems] == PARTS
    assert all(part.shape == whole.shape for part in parts)
    assert all(level(part) > 50 for part in parts)
    assert np.abs(np.sum(parts, axis=0) - whole).max() <= 4
