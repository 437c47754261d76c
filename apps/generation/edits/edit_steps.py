"""The edits that made a take, as steps for another take: what they are, and whether they fit its length.

Times are those of post-flowmusic-music-edit: nothing may lie beyond the end of what is edited. Every step runs on the
result of the one before, so the length is followed from step to step; covers and remixes are taken to keep it.
"""

from dataclasses import dataclass
from typing import Any

from apps.accounts.models import Team
from apps.accounts.templatetags.formatting import clock
from apps.library.lineage import edit_labels, lineage
from apps.library.models import Clip, Song

LEFT_OUT = {"clip", "title"}  # the clip is another, and its result is not to be called like the first one's


@dataclass(frozen=True)
class Step:
    operation: str
    params: dict[str, Any]

    @property
    def label(self) -> str:
        return edit_labels.label(self.operation, self.params)

    @property
    def details(self) -> list[edit_labels.Detail]:
        return edit_labels.beside_label(self.operation, self.params)

    @property
    def lyrics(self) -> str:
        """A remix sings its own lyrics to any tune."""
        return str(self.params.get("lyrics") or "") if self.operation == "remix" else ""


def steps_of(team: Team, take: Clip) -> list[Step]:
    """The edits from the first take to this one. Stems end a chain: what follows them began with one stem."""
    songs = lineage.edits_up_to(team, take)
    split = [place for place, song in enumerate(songs[:-1]) if song.operation == Song.STEMS]
    songs = songs[split[-1] + 1 :] if split else songs
    return [Step(song.operation, _repeatable(song.params)) for song in songs]


def _repeatable(params: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if name not in LEFT_OUT}


def misfits(steps: list[Step], length: float | None) -> list[str]:
    """Why steps can't be done to a take of that length, in words; none when they can."""
    found = []
    for number, step in enumerate(steps, start=1):
        if problem := misfit(step, length):
            found.append(f"Step {number}, {step.label}: {problem}")
        length = _length_after(step, length)
    return found


def misfit(step: Step, length: float | None) -> str:
    """What is wrong with one step on a take of that length; "" for nothing."""
    ends = [(name, value) for name, value in _times(step) if value]
    if not ends:
        return ""
    if length is None:
        return "the length of the take is not known yet; wait until its audio is saved."
    beyond = [value for _, value in ends if value > length + 0.05]
    if not beyond:
        return ""
    if step.params.get("effect") == "Fade":
        return f"the fade lasts {clock(max(beyond))}, but the take is only {clock(length)} long there."
    return f"it reaches to {clock(max(beyond))}, but the take ends at {clock(length)} there."


def _times(step: Step) -> list[tuple[str, float]]:
    """The parameters that must lie inside of what is edited."""
    names: tuple[str, ...] = ()
    match step.operation, step.params.get("effect"):
        case "replace", _:
            names = ("mask_start_s", "mask_end_s")
        case "extend", _:
            names = ("extend_from_s",)
        case "effect", "Trim":
            names = ("start_s", "end_s")
        case "effect", "Fade":
            names = ("fade_in_s", "fade_out_s")
    values = ((name, step.params.get(name)) for name in names)
    return [(name, float(value)) for name, value in values if isinstance(value, int | float)]


def _length_after(step: Step, length: float | None) -> float | None:
    times = dict(_times(step))
    if step.operation == "extend":
        start = times.get("extend_from_s", length)
        return None if start is None else start + float(step.params.get("extend_s", edit_labels.ADDED_S))
    if step.params.get("effect") == "Trim" and "end_s" in times:
        return times["end_s"] - times.get("start_s", 0.0)
    return length
