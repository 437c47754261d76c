"""The loudness of a song in equal parts, for waveforms."""

import numpy as np
import numpy.typing as npt

PARTS = 384
BLOCK = 64  # samples per stored block: fine enough for parts of any song, small enough for an hour of it
# Loudness is felt as about the 0.6th power of the amplitude (Stevens): quiet passages stay visible.
FELT = 0.6
SILENCE = 1e-4  # -80 dB: below this a song is drawn as silent, not blown up to full height

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


def _felt(amplitude: npt.NDArray[np.floating]) -> list[int]:
    felt = np.clip(np.nan_to_num(amplitude), 0, 1) ** FELT
    return [int(value) for value in np.rint(felt * 255)]
