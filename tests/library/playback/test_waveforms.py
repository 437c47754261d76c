import re

import pytest
from django.template import Context, Template

from apps.library.lyrics_sections import Section, sections_of
from apps.library.models import Clip
from apps.library.playback.waveforms import drawn, fewer, marks, path_of


def test_fewer_parts_keep_the_highest() -> None:
    assert fewer([1, 9, 2, 3, 4, 8], 3) == [9, 3, 8]
    assert fewer([5, 7], 4) == [5, 5, 7, 7]
    assert fewer([], 3) == [0, 0, 0]


def test_bars_are_mirrored_lines_at_equal_distances() -> None:
    assert path_of([0, 255, 128]) == "M1 49v2m3 48v-98m3 24v50"


@pytest.mark.parametrize("size", [100, 150, 384])
def test_each_size_has_as_many_bars(size: int) -> None:
    clip = Clip(peaks=list(range(256)) + [0] * 128, rms=list(range(128)) + [9] * 256)
    page = Template("{% load waveform %}{% waveform clip size %}").render(
        Context({"clip": clip, "size": size})
    )
    assert f'viewBox="0 0 {size * 3} 100"' in page
    paths = re.findall(r'<path[^>]* d="([^"]+)"', page)
    assert [path.count("v") for path in paths] == [size] * (2 if size in (100, 384) else 1)
    assert drawn(clip, size)["path"] == paths[0]


def test_small_ones_use_the_whole_height_for_differences_in_loudness() -> None:
    clip = Clip(peaks=[255] * 384, rms=[60] * 192 + [120] * 192)
    heights = [int(bar) for bar in re.findall(r"v-?(\d+)", drawn(clip, 150)["path"])]
    assert (set(heights[:75]), set(heights[75:])) == ({2 * 16}, {2 * 49})
    page = Template("{% load waveform %}{% waveform clip 64 %}").render(Context({"clip": clip}))
    assert f'data-bars="{32 * chr(64 + 16)}{32 * chr(64 + 49)}"' in page


def test_other_sizes_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="not 7"):
        Template("{% load waveform %}{% waveform clip 7 %}").render(Context({"clip": Clip(peaks=[1])}))


@pytest.mark.parametrize("seconds", [3, 30, 173.2, 600, 4000, 86_400, 1e9])
def test_a_ruler_has_a_handful_of_round_times_inside_the_song(seconds: float) -> None:
    places = marks(seconds)
    assert 1 <= len(places) <= 10
    assert places[0] == (0, 0)
    assert all(percent < 100 for _, percent in places)
    assert marks(None) == []


def test_a_sheet_has_sections_by_their_tags() -> None:
    assert sections_of("hum\n\n [Verse 1] \nOne\n\nTwo [x]\n[Out]") == [
        Section("", ["hum"]),
        Section("Verse 1", ["One", "Two [x]"]),
        Section("Out", []),
    ]
    assert sections_of("") == []
