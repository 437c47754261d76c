"""A mixer: two channels, a room, and a master that never clips."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from apps.sandbox.songs.instruments import RATE, Samples

BLOCK = 1 << 17
AIR = 0.9  # how much the highs are lifted: 3 dB at 5 kHz
PEAK = 0.6  # −4.4 dB: lossy codecs overshoot, seldom by nearly a half
FADE_IN_S, FADE_OUT_S = 0.01, 1.2


@cache
def _room() -> tuple[Samples, Samples]:
    """What a clap sounds like in the room, left and right: noise that dies away and loses its highs."""
    random = np.random.default_rng(1789)
    t = np.arange(int(1.1 * RATE)) / RATE
    fall = np.exp(-5.2 * t) * np.clip(t / 0.012, 0, 1)
    left, right = (
        np.convolve(random.standard_normal(len(t)), np.ones(6) / 6, "same") * fall for _ in range(2)
    )
    return left / np.sqrt((left**2).sum()), right / np.sqrt((right**2).sum())


@cache
def _room_spectra() -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    left, right = _room()
    return np.fft.rfft(left, 2 * BLOCK), np.fft.rfft(right, 2 * BLOCK)


class Mixer:
    """Collects what is played; `mix` gives the sum."""

    def __init__(self, seconds: float) -> None:
        self.length = round(seconds * RATE)
        self.channels = np.zeros((2, self.length))
        self.send = np.zeros(self.length)

    def play(
        self, sound: Samples, start_s: float, level: float, *, place: float = 0.0, room: float = 0.0
    ) -> None:
        """Adds a sound: `place` from −1 (left) to 1 (right), `room` the share that the room answers."""
        first = round(start_s * RATE)
        sound = sound[: max(0, self.length - first)]
        angle = (place + 1) * np.pi / 4
        for channel, share in zip(self.channels, (np.cos(angle), np.sin(angle)), strict=True):
            channel[first : first + len(sound)] += sound * (level * share)
        if room:
            self.send[first : first + len(sound)] += sound * (level * room)

    def _answer_of_the_room(self) -> Samples:
        """The send through the room, block by block: one long transform would take ten times the song's memory."""
        wet = np.zeros((2, self.length + 2 * BLOCK))
        for first in range(0, self.length, BLOCK):
            spectrum = np.fft.rfft(self.send[first : first + BLOCK], 2 * BLOCK)
            for channel, room in zip(wet, _room_spectra(), strict=True):
                channel[first : first + 2 * BLOCK] += np.fft.irfft(spectrum * room)
        return wet[:, : self.length]

    def mix(self) -> Samples:
        """All that was played and the room's answer, shape (2, samples), before mastering."""
        mix = self.channels + self._answer_of_the_room()
        mix[:, 1:] += AIR * np.diff(mix)
        return mix


def gain(mix: Samples) -> Samples:
    """What mastering makes of every sample, as a factor. The same factors on the parts of a mix give parts that add
    up to the mastered whole."""
    loudness = np.sqrt((mix**2).mean()) or 1.0
    drive = 0.2 / loudness
    factors = np.tanh(mix * drive)
    peak = max(float(factors.max()), -float(factors.min()), 1e-9)
    silent = np.abs(mix) < loudness * 1e-6
    np.divide(factors, mix, out=factors, where=~silent)
    factors[silent] = drive
    factors *= PEAK / peak
    length = mix.shape[1]
    fade_in, fade_out = round(FADE_IN_S * RATE), min(round(FADE_OUT_S * RATE), length // 2)
    factors[:, :fade_in] *= np.linspace(0, 1, fade_in)
    factors[:, -fade_out:] *= np.linspace(1, 0, fade_out) ** 1.5
    return factors


def pressed(sound: Samples) -> NDArray[np.int16]:
    """Interleaved-ready stereo, shape (samples, 2). Parts may be louder than the whole that they cancel out to."""
    return np.ascontiguousarray((np.clip(sound, -1, 1) * 32767).round().astype(np.int16).T)
