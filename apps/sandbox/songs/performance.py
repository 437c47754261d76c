"""The band: plays a song section by section."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from apps.sandbox.songs import drums, harmony, melody, mixing
from apps.sandbox.songs.brief import generator
from apps.sandbox.songs.harmony import frequency
from apps.sandbox.songs.instruments import Samples, bass, bell, flute, guitar, keys, pad, voice
from apps.sandbox.songs.melody import Note
from apps.sandbox.songs.mixing import Mixer
from apps.sandbox.songs.plan import SongSection
from apps.sandbox.songs.song import PlayedSong

PARTS = frozenset({"drums", "bass", "vocals", "other"})
LEVELS = {"intro": 0.75, "verse": 0.88, "chorus": 1.0, "outro": 0.8}
# Bass notes as (beat, length in beats, octaves up, level)
BASS_LINES: dict[str, tuple[tuple[float, float, int, float], ...]] = {
    "pop": ((0, 1.4, 0, 1), (1.5, 0.5, 0, 0.8), (2, 1.4, 0, 0.9), (3.5, 0.5, 0, 0.7)),
    "disco": tuple((step / 2, 0.42, step % 2, 1.0 if step % 2 == 0 else 0.75) for step in range(8)),
    "rock": tuple((step / 2, 0.46, 0, 1.0 if step % 4 == 0 else 0.8) for step in range(8)),
    "lofi": ((0, 1.7, 0, 1), (2.5, 1.2, 0, 0.8)),
    "waltz": ((0, 1.8, 0, 1),),
}
# Chords of the accompaniment as (beat, length in beats), for the first take and the second
Comping = tuple[tuple[float, float], ...]
COMPING: dict[str, tuple[Comping, Comping]] = {
    "pop": (((0, 1.5), (1.5, 1), (2.5, 1.5)), ((0, 0.5), (1, 0.5), (2, 0.5), (2.5, 0.5), (3.5, 0.5))),
    "disco": (
        ((0.5, 0.4), (1.5, 0.4), (2.5, 0.4), (3.5, 0.4)),
        ((0, 0.4), (0.75, 0.4), (1.5, 0.9), (3, 0.9)),
    ),
    "rock": (((0, 1), (1, 1), (2, 1), (3, 1)), ((0, 1.5), (1.5, 0.5), (2, 1.5), (3.5, 0.5))),
    "lofi": (((0, 1.8), (2.25, 1.6)), ((0.5, 1.4), (2, 0.5), (3, 0.9))),
    "waltz": (((1, 0.8), (2, 0.8)), ((0, 0.8), (1, 0.8), (2, 0.8))),
}
# Where the chords lie; the second take's voice sings an octave lower, its instrument plays there too.
CENTRES, LEAD_OCTAVES = (62, 67), (0, -12)


class Band:
    """Plays one take through a mixer. Equal notes are made once."""

    def __init__(self, song: PlayedSong) -> None:
        self.song, self.brief = song, song.brief
        self.mixer = Mixer(song.seconds)
        self.random = generator("performance", song.seed)
        self.degrees = harmony.chords(self.brief, song.plan, self.random)
        self.voicings = harmony.voicings(self.brief, self.degrees, CENTRES[song.take])
        self.lead = self._choose_lead()
        self.made: dict[tuple[object, ...], Samples] = {}

    def _choose_lead(self) -> Callable[[float, float], Samples]:
        if self.brief.sung:
            first, second = (int(vowel) for vowel in self.random.choice(4, 2, replace=False))
            return partial(voice, vowels=(first, second))
        return (bell, flute)[self.song.take]

    @property
    def lead_part(self) -> str:
        """A bell or a flute is no voice."""
        return "vocals" if self.brief.sung else "other"

    def note(self, instrument: Callable[[float, float], Samples], pitch: float, seconds: float) -> Samples:
        key = (instrument, pitch, round(seconds, 3))
        if key not in self.made:
            self.made[key] = instrument(frequency(pitch), seconds)
        return self.made[key]

    def play(self, parts: frozenset[str]) -> Mixer:
        """Plays what belongs to these stems. Every player decides alike, whoever else plays."""
        for section in self.song.plan.sections:
            level = LEVELS[section.name]
            for bar in range(section.first, section.first + section.bars):
                if "other" in parts:
                    self._bed(bar, level)
                    self._chords(bar, level)
                if "bass" in parts and section.name != "intro":
                    self._bass(bar, level)
                if "drums" in parts:
                    self._drums(section, bar, level)
        if self.lead_part in parts:
            for note in melody.tune(self.brief, self.song.plan, self.degrees, self.random):
                self._sing(note)
        return self.mixer

    def _at(self, bar: int, beat: float) -> float:
        return (bar * self.brief.meter + beat) * self.brief.beat

    def _bed(self, bar: int, level: float) -> None:
        last = bar == self.song.plan.bars - 1
        seconds = self.brief.bar + (0.9 if last else 0.2)
        for index, pitch in enumerate(self.voicings[bar]):
            sound = self.note(pad, pitch, seconds)
            self.mixer.play(sound, self._at(bar, 0), 0.12 * level, place=(index - 1) * 0.5, room=0.3)

    def _chords(self, bar: int, level: float) -> None:
        instrument = guitar if self.brief.style == "rock" else keys
        pattern = (
            COMPING[self.brief.style][self.song.take]
            if bar < self.song.plan.bars - 1
            else ((0.0, float(self.brief.meter)),)
        )
        for beat, length in pattern:
            for index, pitch in enumerate(self.voicings[bar]):
                sound = self.note(instrument, pitch, length * self.brief.beat)
                # A hand doesn't strike all strings at the very same moment.
                start = self._at(bar, beat) + index * 0.006
                self.mixer.play(sound, start, 0.15 * level, place=-0.35 + 0.2 * index, room=0.16)

    def _bass(self, bar: int, level: float) -> None:
        root = 36 + (harmony.scale_pitch(self.brief, self.degrees[bar]) - 36) % 12
        pattern = BASS_LINES[self.brief.style]
        if bar == self.song.plan.bars - 1:
            pattern = ((0.0, float(self.brief.meter), 0, 1.0),)
        for beat, length, octaves, strength in pattern:
            sound = self.note(bass, root + 12 * octaves, length * self.brief.beat)
            self.mixer.play(sound, self._at(bar, beat), 0.42 * level * strength)

    def _drums(self, section: SongSection, bar: int, level: float) -> None:
        """Only the cymbals in the intro's first bar; one stroke to end with."""
        if bar == self.song.plan.bars - 1:
            self.mixer.play(drums.sound("kick"), self._at(bar, 0), 0.5 * level)
            return
        for beat, drum, strength in drums.strokes(self.brief.style, self.brief.meter):
            if section.name == "intro" and bar == section.first and drum not in ("hat", "open"):
                continue
            volume, place = drums.PLACES[drum]
            room = 0.03 if drum == "kick" else 0.14
            self.mixer.play(
                drums.sound(drum),
                self._at(bar, beat),
                0.5 * volume * strength * level,
                place=place,
                room=room,
            )

    def _sing(self, note: Note) -> None:
        pitch = note.pitch + LEAD_OCTAVES[self.song.take] + (0 if self.brief.sung else 12)
        sound = self.note(self.lead, pitch, note.length * self.brief.beat)
        start = note.start * self.brief.beat
        self.mixer.play(sound, start, 0.26 * note.strength, place=0.04, room=0.2)
        if self.brief.sung:
            # A second, later and softer self at the side makes one voice sound like a singer in front of a wall.
            self.mixer.play(sound, start + 0.021, 0.07 * note.strength, place=-0.7)


def perform(song: PlayedSong) -> NDArray[np.int16]:
    """Stereo samples at 44.1 kHz, shape (samples, 2), exactly `song.seconds` long."""
    mix = Band(song).play(PARTS).mix()
    return mixing.pressed(mix * mixing.gain(mix))


def perform_parts(song: PlayedSong) -> dict[str, NDArray[np.int16]]:
    """Its four stems, each as loud as it is in the song: together they are the song."""
    gain = mixing.gain(Band(song).play(PARTS).mix())
    return {part: mixing.pressed(Band(song).play(frozenset({part})).mix() * gain) for part in sorted(PARTS)}
