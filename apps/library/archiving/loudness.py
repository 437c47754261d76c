"""The loudness of a song: in equal parts for waveforms, and as one figure by which takes are heard equally loud."""

import math

import numpy as np
import numpy.typing as npt

PARTS = 384
BLOCK = 64  # samples per stored block: fine enough for parts of any song, small enough for an hour of it
# Loudness is felt as about the 0.6th power of the amplitude (Stevens): quiet passages stay visible.
FELT = 0.6
SILENCE = 1e-4  # -80 dB: below this a song is drawn as silent, not blown up to full height
# As in ITU-R BS.1770: what is silent, and then what is far below the rest, says nothing of how loud a song is.
GATE_S = 0.4
GATE_DB = -70.0
BELOW_DB = -10.0

Samples = npt.NDArray[np.float32]


class Loudness:
    """Takes decoded samples as they come and keeps only their envelope."""

    def __init__(self) -> None:
        self._peaks: list[Samples] = []
        self._squares: list[Samples] = []
        self._rest = np.zeros(0, np.float32)
        self._rest_squares = np.zeros(0, np.float32)

    def add(self, samples: Samples) -> None:
        """`samples`: channels x length, -1 to 1."""
        peak = np.concatenate([self._rest, np.abs(samples).max(axis=0)])
        squares = np.concatenate([self._rest_squares, np.square(samples).mean(axis=0)])
        whole = peak.size - peak.size % BLOCK
        self._peaks.append(peak[:whole].reshape(-1, BLOCK).max(axis=1))
        self._squares.append(squares[:whole].reshape(-1, BLOCK).mean(axis=1))
        self._rest, self._rest_squares = peak[whole:], squares[whole:]

    def parts(self, count: int = PARTS) -> tuple[list[int], list[int]]:
        """Peak and RMS of each part as it is felt, 0 to 255, 255 being the song's own highest peak."""
        peaks, squares = np.concatenate(self._peaks), np.concatenate(self._squares)
        if not peaks.size:
            return [0] * count, [0] * count
        edges = np.linspace(0, peaks.size, count, endpoint=False).astype(int)
        highest = max(float(peaks.max()), SILENCE)
        loudest = np.maximum.reduceat(peaks, edges)
        ends = np.append(edges[1:], peaks.size)
        mean = np.add.reduceat(squares.astype(np.float64), edges) / np.maximum(ends - edges, 1)
        return _felt(loudest / highest), _felt(np.sqrt(mean) / highest)

    def gated_db(self, seconds: float) -> float | None:
        """RMS of all that sounds in these `seconds`, in dB of full scale (a full sine is -3.0), the mean of the
        channels and unweighted: enough to compare two takes of one song. None for silence."""
        squares = np.concatenate([*self._squares, np.zeros(0, np.float32)]).astype(np.float64)
        size = max(1, min(round(GATE_S * squares.size / seconds), squares.size))
        powers = squares[: squares.size - squares.size % size].reshape(-1, size).mean(axis=1)
        powers = powers[np.isfinite(powers) & (powers > _power(GATE_DB))]
        if not powers.size:
            return None
        powers = powers[powers >= powers.mean() * _power(BELOW_DB)]
        return round(10 * math.log10(powers.mean()), 2)


def _power(db: float) -> float:
    return float(10 ** (db / 10))


def _felt(amplitude: npt.NDArray[np.floating]) -> list[int]:
    felt = np.clip(np.nan_to_num(amplitude), 0, 1) ** FELT
    return [int(value) for value in np.rint(felt * 255)]
