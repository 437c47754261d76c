"""The ten tones of the look, and which one a cover comes nearest to, as the eye sees it (OKLab)."""

import numpy as np
import numpy.typing as npt
from PIL import Image

# The dark theme's tones; the light theme has the same hues. Honey's place between coral and lime is free.
TONES = {
    "rose": "#fc94a5",
    "coral": "#fc9a7c",
    "lime": "#aac465",
    "leaf": "#7dcd89",
    "mint": "#4fd1ae",
    "lagoon": "#2ecedd",
    "sky": "#61c2fe",
    "iris": "#9eb3ff",
    "violet": "#c9a3f8",
    "orchid": "#eb97d3",
}
GREY = 0.02  # OKLab chroma below which a pixel has no colour

Floats = npt.NDArray[np.float64]


def nearest_tone(cover: Image.Image) -> str:
    """The tone that most of the cover's colour is near to; "" for a cover without colour.

    Each pixel votes for the tone of its own hue, the more the more colourful it is: a mean of sea and sunset
    would be grey.
    """
    small = np.asarray(cover.convert("RGB").resize((64, 64))).reshape(-1, 3)
    a, b = _oklab_ab(small)
    chroma = np.hypot(a, b)
    hues, wanted = np.arctan2(b, a), _hues()
    apart = np.abs(np.angle(np.exp(1j * (hues[:, None] - wanted[None, :]))))
    votes = np.bincount(apart.argmin(axis=1), np.where(chroma > GREY, chroma**2, 0), minlength=len(TONES))
    return list(TONES)[int(votes.argmax())] if votes.any() else ""


def _hues() -> Floats:
    rgb = np.array([[int(code[i : i + 2], 16) for i in (1, 3, 5)] for code in TONES.values()])
    a, b = _oklab_ab(rgb)
    return np.arctan2(b, a)


def _oklab_ab(rgb: npt.NDArray[np.integer]) -> tuple[Floats, Floats]:
    """OKLab's two colour axes of sRGB pixels, 0 to 255 (Ottosson 2020)."""
    srgb = rgb.astype(np.float64) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    cones = np.cbrt(linear @ _TO_CONES.T)
    return cones @ _TO_A, cones @ _TO_B


_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_A = np.array([1.9779984951, -2.4285922050, 0.4505937099])
_TO_B = np.array([0.0259040371, 0.7827717662, -0.8086757660])
