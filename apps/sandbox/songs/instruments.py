"""Instruments: one note each, as mono float64 samples at 44.1 kHz, peak about 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE = 44_100
Samples = NDArray[np.float64]
Weights = tuple[float, ...]

# Centres and widths of the formants (Hz) and their strengths: ah, eh, oh, oo
VOWELS = (
    ((800, 1150, 2900), (80, 90, 120), (1.0, 0.5, 0.16)),
    ((400, 1700, 2600), (70, 100, 120), (1.0, 0.3, 0.2)),
    ((450, 800, 2830), (70, 80, 100), (1.0, 0.4, 0.1)),
    ((325, 700, 2700), (60, 70, 120), (1.0, 0.25, 0.06)),
)


def times(seconds: float) -> Samples:
    return np.arange(max(64, int(seconds * RATE))) / RATE


def envelope(length: int, attack: float, release: float) -> Samples:
    """1 with a smooth beginning and end (seconds), so that no note clicks."""
    shape = np.ones(length)
    rise, fall = min(int(attack * RATE), length // 2), min(int(release * RATE), length // 2)
    if rise:
        shape[:rise] = 0.5 - 0.5 * np.cos(np.pi * np.arange(rise) / rise)
    if fall:
        shape[-fall:] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(fall) / fall)
    return shape


def harmonics(phase: Samples, *weightings: Weights) -> list[Samples]:
    """Sums of sines of phase, 2 phase, 3 phase …, one sum per weighting.

    sin((k+1)x) = 2 cos x sin kx − sin((k−1)x): two operations per harmonic instead of a sine.
    """
    before, now, turn = np.zeros_like(phase), np.sin(phase), 2 * np.cos(phase)
    sums = [weights[0] * now for weights in weightings]
    for index in range(1, len(weightings[0])):
        before, now = now, turn * now - before
        for total, weights in zip(sums, weightings, strict=True):
            total += weights[index] * now
    return sums


def below_nyquist(frequency: float, most: int) -> int:
    return max(1, min(most, int(15_000 / frequency)))


def pad(frequency: float, seconds: float) -> Samples:
    """A soft string-like bed."""
    t = times(seconds)
    count = below_nyquist(frequency, 7)
    weights = tuple(k**-1.7 for k in range(1, count + 1))
    both = sum(harmonics(2 * np.pi * frequency * detune * t, weights)[0] for detune in (0.9975, 1.0025))
    return np.asarray(0.4 * both * envelope(len(t), min(0.25, seconds / 4), min(0.35, seconds / 4)))


def keys(frequency: float, seconds: float) -> Samples:
    """An electric piano: two sines, one bending the other, both dying away."""
    t = times(seconds)
    bark = 1.6 * np.exp(-4 * t) * np.sin(2 * np.pi * frequency * t)
    chime = 0.12 * np.exp(-9 * t) * np.sin(2 * np.pi * 7 * frequency * t) if frequency < 2000 else 0
    tone = np.sin(2 * np.pi * frequency * t + bark) + chime
    return tone * np.exp(-1.6 * t) * envelope(len(t), 0.004, 0.06) * 0.8


def guitar(frequency: float, seconds: float) -> Samples:
    """A driven string."""
    t = times(seconds)
    weights = tuple(1 / k for k in range(1, below_nyquist(frequency, 9) + 1))
    (string,) = harmonics(2 * np.pi * frequency * t, weights)
    return np.tanh(1.6 * string * np.exp(-1.1 * t)) * 0.55 * envelope(len(t), 0.005, 0.05)


def bass(frequency: float, seconds: float) -> Samples:
    t = times(seconds)
    low, high = harmonics(2 * np.pi * frequency * t, (1.0, 0.32, 0.1, 0.05), (0.0, 0.3, 0.3, 0.25))
    return (low + high * np.exp(-9 * t)) * np.exp(-0.9 * t) * envelope(len(t), 0.006, 0.05) * 0.75


def bell(frequency: float, seconds: float) -> Samples:
    """A mallet on something warm: the lead of instrumental first takes."""
    t = times(seconds + 0.5)
    bend = 0.9 * np.exp(-7 * t) * np.sin(2 * np.pi * 3 * frequency * t)
    return np.sin(2 * np.pi * frequency * t + bend) * np.exp(-2.4 * t) * envelope(len(t), 0.003, 0.3) * 0.8


def flute(frequency: float, seconds: float) -> Samples:
    """A breathy pipe: the lead of instrumental second takes."""
    t = times(seconds)
    wave = np.sin(2 * np.pi * 5.1 * t) * np.clip(t * 3 - 0.4, 0, 1)
    (tone,) = harmonics(2 * np.pi * frequency * t + 0.35 * wave, (1.0, 0.28, 0.1, 0.03))
    return tone * (1 + 0.08 * wave) * envelope(len(t), 0.06, 0.09) * 0.65


def voice(frequency: float, seconds: float, vowels: tuple[int, int]) -> Samples:
    """A singer without words: the harmonics of a throat, shaped by one vowel that turns into another."""
    t = times(seconds)
    count = below_nyquist(frequency, 26)
    vibrato = 0.06 * frequency / 5.4 * 0.25 * np.sin(2 * np.pi * 5.4 * t) * np.clip(t * 2.5 - 0.5, 0, 1)
    scoop = 0.03 * frequency * np.exp(-t * 26) / 26  # begins a little flat, as singers do
    phase = 2 * np.pi * (frequency * t + scoop) + vibrato
    first, second = harmonics(phase, *(_formants(frequency, count, vowel) for vowel in vowels))
    turn = np.clip(t / seconds * 1.6 - 0.4, 0, 1)
    tone = first * (1 - turn) + second * turn
    return tone * envelope(len(t), 0.045, 0.08)


def _formants(frequency: float, count: int, vowel: int) -> Weights:
    """Strength of each harmonic, normed to the same loudness for every vowel and pitch."""
    k = np.arange(1, count + 1)
    centres, widths, strengths = (np.array(row)[:, None] for row in VOWELS[vowel])
    peaks = (strengths / (1 + ((k * frequency - centres) / (1.6 * widths)) ** 2)).sum(axis=0)
    weights = (peaks + 0.03) * k**-0.35
    return tuple(weights / np.sqrt((weights**2).sum()) * 0.75)
