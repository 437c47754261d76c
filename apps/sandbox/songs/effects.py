"""The six effects of POST /music/edit on finished sound: 16 bit stereo in, 16 bit stereo out.

All but the rounding is linear, so an effect on each stem of a song gives the stems of the effect on the song.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.sandbox.songs.instruments import RATE, Samples

Sound = NDArray[np.int16]
BLOCK = 1 << 17
# Below the first and above the second of these frequencies (Hz), the bass and the treble are alone.
BASS_ENDS, TREBLE_BEGINS = 250.0, 4000.0


def apply(request: dict[str, Any], sound: Sound) -> Sound:
    """`request` is the body of a POST /music/edit whose operation is "effect"."""
    return EFFECTS[request["effect"]](sound, request)


def _as_sound(samples: Samples) -> Sound:
    return np.clip(samples.round(), -32768, 32767).astype(np.int16)


def _trim(sound: Sound, request: dict[str, Any]) -> Sound:
    return sound[round(request["start_s"] * RATE) : round(request["end_s"] * RATE)]


def _fade(sound: Sound, request: dict[str, Any]) -> Sound:
    shape = np.ones(len(sound))
    rise, fall = (min(round(request.get(name, 0) * RATE), len(sound)) for name in ("fade_in_s", "fade_out_s"))
    shape[:rise] *= np.linspace(0, 1, rise)
    if fall:
        shape[-fall:] *= np.linspace(1, 0, fall)
    return _as_sound(sound * shape[:, None])


def _gain(sound: Sound, request: dict[str, Any]) -> Sound:
    return _as_sound(sound * 10.0 ** (request["gain_db"] / 20))


def _pan(sound: Sound, request: dict[str, Any]) -> Sound:
    """As a balance knob: one side goes down, the other one stays."""
    pan = request["pan"]
    return _as_sound(sound * np.array([min(1.0, 1 - pan), min(1.0, 1 + pan)]))


def _equalizer(sound: Sound, request: dict[str, Any]) -> Sound:
    frequencies = np.fft.rfftfreq(len(sound), 1 / RATE)
    decibels = np.interp(
        np.log2(np.maximum(frequencies, 1)),
        np.log2([BASS_ENDS / 2, BASS_ENDS * 2, TREBLE_BEGINS / 2, TREBLE_BEGINS * 2]),
        [request.get(name, 0) for name in ("bass_db", "mid_db", "mid_db", "treble_db")],
    )
    curve = 10 ** (decibels / 20)
    heard = [np.fft.irfft(np.fft.rfft(channel) * curve, len(sound)) for channel in sound.T]
    return _as_sound(np.stack(heard, axis=1))


def _reverb(sound: Sound, request: dict[str, Any]) -> Sound:
    mix = request.get("mix", 0)
    room = _room(request.get("room_size", 0))
    channels = [channel * (1.0 - mix) + _convolved(channel, room) * mix for channel in sound.T]
    return _as_sound(np.stack(channels, axis=1))


def _room(size: float) -> Samples:
    """Noise that dies away within 0.2 to 2.5 s."""
    t = np.arange(int((0.2 + 2.3 * size) * RATE)) / RATE
    answer = np.random.default_rng(1789).standard_normal(len(t)) * np.exp(-6.9 * t / t[-1])
    return answer / np.sqrt((answer**2).sum())


def _convolved(channel: Sound, room: Samples) -> Samples:
    """Block by block: one long transform would take many times the song's memory."""
    spectrum = np.fft.rfft(room, 2 * BLOCK)
    wet = np.zeros(len(channel) + 2 * BLOCK)
    for first in range(0, len(channel), BLOCK):
        wet[first : first + 2 * BLOCK] += np.fft.irfft(
            np.fft.rfft(channel[first : first + BLOCK], 2 * BLOCK) * spectrum
        )
    return wet[: len(channel)]


EFFECTS: dict[str, Callable[[Sound, dict[str, Any]], Sound]] = {
    "Trim": _trim,
    "Fade": _fade,
    "Gain": _gain,
    "Reverb": _reverb,
    "Pan": _pan,
    "Equalizer": _equalizer,
}
