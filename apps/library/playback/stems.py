"""A take in its four parts: the lanes of the mixer, what each of them holds, and how far saving them has come."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from apps.library.models import Clip, ClipFile, Song

# By the API's names, in the order of the page: what people call them and the tone that they wear.
PARTS = {
    "vocals": ("Vocals", "rose"),
    "drums": ("Drums", "lagoon"),
    "bass": ("Bass", "iris"),
    "other": ("Other", "lime"),
}
AUDIO = (ClipFile.Kind.M4A, ClipFile.Kind.MP3)
WORDS = {ClipFile.Kind.M4A: "audio/mp4", ClipFile.Kind.MP3: "audio/mpeg"}

SOUNDS = 0.06  # of the loudest place
PAUSE_S = 3.0  # shorter ones are heard as part of it
MOST_SPANS = 8


@dataclass(frozen=True)
class Lane:
    """One stem. `sources` are pairs of address and type; none while nothing is saved, and then `missing` says why."""

    part: str
    name: str
    tone: str
    clip: Clip
    sources: list[tuple[str, str]]
    missing: str

    @property
    def sounds(self) -> list[tuple[float, float]]:
        """From when to when something is heard of it: what the waveform shows, for those who don't see it."""
        return list(heard(self.clip))[:MOST_SPANS]


def of_take(take: Clip) -> Song | None:
    """The newest stems of it that there is something left of."""
    found = Song.objects.split().filter(source=take).order_by("-created_at")
    return found.prefetch_related("takes__files").first()


def lanes(stems: Song) -> list[Lane]:
    """All in one format where they can be: encoders put their own silence in front, and four have to begin as one."""
    clips = sorted((each for each in stems.takes.all() if each.erased_at is None), key=_place)
    playable = [clip for clip in clips if clip.is_saved and not clip.deleted_at]
    kinds = [kind for kind in AUDIO if playable and all(clip.url_of(kind) for clip in playable)] or AUDIO
    return [_lane(clip, kinds) for clip in clips]


def _place(clip: Clip) -> tuple[int, int]:
    parts = list(PARTS)
    return (parts.index(clip.stem_type) if clip.stem_type in parts else len(parts), clip.take)


def _lane(clip: Clip, kinds: tuple[ClipFile.Kind, ...] | list[ClipFile.Kind]) -> Lane:
    name, tone = PARTS.get(clip.stem_type, (clip.stem_type.capitalize() or "Track", ""))
    urls = {} if clip.deleted_at else {kind: clip.url_of(kind) for kind in kinds}
    # `here`: through this site, wherever the file lies. A mixer gets no sound of another origin to work with.
    sources = [(f"{url}?here=1", WORDS[kind]) for kind, url in urls.items() if url]
    return Lane(clip.stem_type, name, tone, clip, sources, "" if sources else _why(clip))


def _why(clip: Clip) -> str:
    if clip.deleted_at:
        return "In the trash."
    files = [file for kind in AUDIO if (file := clip.file(kind))]
    if not files or any(file.state == ClipFile.State.WANTED for file in files):
        return "Its audio is still being saved."
    return "Its audio could not be fetched."


def heard(clip: Clip) -> Iterator[tuple[float, float]]:
    """Spans in seconds, from the loudness that was measured when it was saved."""
    loudness, seconds = clip.rms or [], clip.duration_s
    if not loudness or not seconds:
        return
    step, least = seconds / len(loudness), SOUNDS * max(loudness)
    spans: list[tuple[float, float]] = []
    for sounds, run in groupby(enumerate(loudness), key=lambda each: each[1] > least):
        places = [place for place, _ in run]
        if sounds:
            spans.append((places[0] * step, (places[-1] + 1) * step))
    yield from _joined(spans)


def _joined(spans: list[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    current: tuple[float, float] | None = None
    for start, end in spans:
        if current and start - current[1] < PAUSE_S:
            current = (current[0], end)
        else:
            if current:
                yield current
            current = (start, end)
    if current:
        yield current
