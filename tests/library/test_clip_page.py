"""The page of one take: level match, lyrics in time, the other takes, details and what one does from here."""

import re
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from django.utils import timezone

from apps.accounts.models import ApiToken
from apps.generation.models import Job
from apps.library.archiving.decoding import hear
from apps.library.archiving.loudness import Loudness
from apps.library.lyrics_timing import Singing, Span, singing, times
from apps.library.models import Clip, Collection, Song
from apps.upstream.records import JobRecord
from tests.library.conftest import Band, store
from tests.library.sounds import RATE, sound
from tests.page import Page


def tone(seconds: float, level: float) -> np.ndarray:
    times = np.arange(round(seconds * RATE)) / RATE
    wave = (level * np.sin(2 * np.pi * 440 * times)).astype(np.float32)
    return np.stack([wave, wave])


def gated(*pieces: np.ndarray) -> float | None:
    loudness = Loudness()
    for piece in pieces:
        loudness.add(piece)
    return loudness.gated_db(sum(piece.shape[1] for piece in pieces) / RATE)


def test_loudness_is_that_of_what_sounds() -> None:
    assert gated(tone(4, 1.0)) == pytest.approx(-3.0, abs=0.1)
    assert gated(tone(4, 0.5)) == pytest.approx(-9.0, abs=0.1)
    # Neither silence nor a faint ending makes a song quieter than it is felt.
    assert gated(tone(4, 1.0), tone(8, 0.0), tone(4, 0.01)) == pytest.approx(-3.0, abs=0.3)


@pytest.mark.parametrize("level", [0.0, np.nan, np.inf])
def test_what_is_no_sound_has_no_loudness(level: float) -> None:
    assert gated(np.full((2, RATE), level, np.float32)) is None


@pytest.mark.parametrize("kind", ["m4a", "mp3"])
def test_a_decoded_file_says_how_loud_it_is(kind: str) -> None:
    assert hear(BytesIO(sound(kind, level=0.5)), kind, expected_s=3.0).loudness_db == pytest.approx(
        -9, abs=0.5
    )


@pytest.mark.parametrize(
    ("loudness", "gains"),
    [
        ((-9.0, -12.24), ("-3.2", None)),
        ((-12.0, -12.0), (None, None)),
        ((-9.0, None), (None, None)),
        ((None, None), (None, None)),
        ((-6.0, -60.0), ("-12.0", None)),
        ((-9.0, -12.0, -10.0), ("-3.0", None, "-2.0")),
    ],
)
def test_the_louder_take_is_lowered_and_none_is_raised(
    band: Band, loudness: tuple[float | None, ...], gains: tuple[str | None, ...]
) -> None:
    song = band.song(*("Ferry" for _ in loudness))
    takes = list(song.takes.all())
    for take, db in zip(takes, loudness, strict=True):
        store(take, "mp3", b"x")
        Clip.objects.filter(pk=take.pk).update(loudness_db=db)
    page = Page(band.client("viewer").get("/library/"))
    for take, gain in zip(takes, gains, strict=True):
        line = page.one("div", data_clip=str(take.pk))
        assert line.one("a", class_="btn-play")["data-gain"] == gain


FERRY = "[Verse 1]\nCity lights\nblur in the rain\n\n[Break]\n\n[Chorus]\nFerry <home>"


def words(timing: object, *, seconds: float | None = 60.0, lyrics: str = FERRY) -> Singing:
    return singing(Clip(song=Song(), lyrics=lyrics, lyrics_timing=timing, duration_s=seconds))


def test_as_many_pairs_as_lines_are_the_lines() -> None:
    sung = words([[1.0, 2.5], [3, 4], [20.0, 24.0]])
    assert sung.known == "lines"
    assert [line.span for part in sung.parts for line in part.lines] == [
        Span(1, 2.5),
        Span(3, 4),
        Span(20, 24),
    ]
    # Where nobody sings, no section is drawn.
    assert [(part.name, part.span) for part in sung.parts] == [
        ("Verse 1", Span(1, 4)),
        ("Break", None),
        ("Chorus", Span(20, 24)),
    ]


@pytest.mark.parametrize(
    ("timing", "spans"),
    [
        ([[1, 9], [20, 30]], [Span(1, 9), None, Span(20, 30)]),
        ([[1, 9], [9, 20], [20, 30], [31, 40]], None),
    ],
)
def test_as_many_pairs_as_sections_are_the_sections(
    timing: list[list[float]], spans: list[Span | None] | None
) -> None:
    sung = words(timing)
    assert sung.known == ("sections" if spans else "voice")
    assert [part.span for part in sung.parts] == (spans or [None] * 3)
    assert all(line.span is None for part in sung.parts for line in part.lines)


def test_sections_without_words_count_when_they_have_their_pairs() -> None:
    sung = words([[0, 5], [5, 9], [9, 30]], lyrics="[Intro]\n[Verse]\nOne\nTwo\n[Outro]\nThree\nFour")
    assert [(part.name, part.span) for part in sung.parts] == [
        ("Intro", Span(0, 5)),
        ("Verse", Span(5, 9)),
        ("Outro", Span(9, 30)),
    ]


@pytest.mark.parametrize(("tag", "known"), [("", "lines"), ("[section timing]", "sections")])
def test_a_song_of_the_sandbox_is_in_time(
    studio: Band, made: Callable[[str], JobRecord], tag: str, known: str
) -> None:
    first, second = studio.keep(made(f"A song about a lighthouse {tag}")).takes.all()
    for take in (first, second):
        sung = singing(take)
        assert sung.known == known
        assert all(part.span for part in sung.parts)


def test_pairs_that_overlap_end_where_the_next_one_starts_and_at_the_end_of_the_song() -> None:
    assert times([[0, 9], [2, 4], [50, 70]], 60.0) == [Span(0, 2), Span(2, 4), Span(50, 60)]
    assert times([[0, 9], [50, 70]], None) == [Span(0, 9), Span(50, 70)]


@pytest.mark.parametrize(
    "timing",
    [
        None,
        [],
        {},
        "0,1",
        7,
        [None, None, None],
        [1, 2, 3],
        [[1, 2], [3], [5, 6]],
        [[1, 2, 3], [4, 5], [6, 7]],
        [["1", "2"], [3, 4], [5, 6]],
        [[True, 2], [3, 4], [5, 6]],
        [[-1, 2], [3, 4], [5, 6]],
        [[2, 1], [3, 4], [5, 6]],
        [[1, 1], [3, 4], [5, 6]],
        [[3, 4], [1, 2], [5, 6]],
        [[1, 2], [1, 4], [5, 6]],
        [[1, 2], [3, 4], [61, 66]],
        [[float("nan"), 2], [3, 4], [5, 6]],
        [[1, float("nan")], [3, 4], [5, 6]],
        [[1, float("inf")], [float("inf"), 4], [5, 6]],
        [[1, 2], [3, 4], [5, -(10**400)]],
    ],
)
def test_times_that_cannot_be_trusted_are_no_times(timing: object) -> None:
    assert words(timing) == Singing("", words(None).parts, [])


def full(band: Band, *titles: str, **values: object) -> list[Clip]:
    """Takes with every file and a waveform."""
    song = band.song(*titles, **values)
    for take in song.takes.all():
        for kind in ("m4a", "mp3", "wav", "cover", "thumb"):
            store(take, kind, b"content")
    Clip.objects.filter(song=song).update(peaks=[9] * 384, rms=[5] * 384, duration_s=60.0, lyrics=FERRY)
    return list(song.takes.all())


def page_of(band: Band, take: Clip, who: str = "member") -> str:
    answer = band.client(who).get(f"/library/clips/{take.pk}/")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_a_line_leads_to_its_second_also_without_javascript(band: Band) -> None:
    (take,) = full(band, "Ferry")
    Clip.objects.update(lyrics_timing=[[1.25, 2.5], [3, 4], [20, 24]])
    page = page_of(band, take)
    assert f'href="/library/clips/{take.pk}/audio.mp3#t=1.25" data-at="1.25"' in page
    assert 'data-text="Ferry &lt;home&gt;" ><span dir="auto">Ferry &lt;home&gt;</span>' in page
    assert re.findall(r'class="part" x="([\d.]+%)" width="([\d.]+%)"', page) == [
        ("2.08%", "4.58%"),
        ("33.33%", "6.67%"),
    ]


def test_what_is_not_known_is_not_pretended(band: Band) -> None:
    (take,) = full(band, "Ferry")
    assert "data-at" not in page_of(band, take)
    Clip.objects.update(lyrics_timing=[[1, 2], [3, 4], [5, 6], [7, 8]])
    page = page_of(band, take)
    assert "data-at" not in page
    assert "It is not known when each line is sung." in page
    assert page.count('<rect class="part"') == 4
    assert "part-name" not in page


def test_the_times_of_the_page_need_no_waveform_and_no_length(band: Band) -> None:
    take = band.song("Ferry").takes.get()
    Clip.objects.update(lyrics=FERRY, lyrics_timing=[[1, 2], [3, 4], [20, 24]])
    page = page_of(band, take)
    assert "The audio could not be fetched" in page
    assert "Place in take A" not in page
    assert "data-at" not in page


def test_the_pair_stands_side_by_side(band: Band) -> None:
    first, second = full(band, "Ferry", "Ferry", tone="coral")
    page = page_of(band, first)
    assert f'href="{first.get_absolute_url()}" data-switch="{first.pk}" aria-current="page"' in page
    assert f'href="{second.get_absolute_url()}" data-switch="{second.pk}" >' in page
    assert 'aria-label="Play take B of Ferry"' in page
    assert "Switches at the same position." in page
    alone = page_of(band, full(band, "Alone")[0])
    assert "data-switch" not in alone
    assert "Switches" not in alone


def test_formats_that_are_there_can_be_taken_along(band: Band) -> None:
    (take,) = full(band, "Ferry")
    menu = re.search(
        r'title="Download">.*?<div class="menu-list">(.*?)</div>', page_of(band, take), re.DOTALL
    )
    assert menu
    assert re.findall(r'audio\.(\w+)\?download=1" download', menu[1]) == ["mp3", "m4a", "wav"]
    take.files.exclude(kind="m4a").delete()
    page = page_of(band, take)
    assert 'title="Download the M4A"' in page
    assert 'title="Download">' not in page


def test_asking_again_starts_from_here_for_those_who_may(band: Band) -> None:
    take = full(band, "Ferry", prompt="slow disco")[0]
    page = page_of(band, take)
    assert f'href="/create/?song={take.song_id}&amp;only=prompt"' in page
    assert f'href="/create/?song={take.song_id}"' in page
    assert re.search(
        rf'action="/create/presets/save/">.*?name="song" value="{take.song_id}"', page, re.DOTALL
    )
    theirs = page_of(band, take, "viewer")
    assert "/create/?" not in theirs
    assert "/create/presets/" not in theirs


def test_the_page_tells_where_a_take_comes_from(band: Band) -> None:
    take = full(band, "Ferry", params={"ghostwriter": "pro", "model": "lyria-3.5"})[0]
    token = ApiToken.objects.get()
    Clip.objects.update(made_at=timezone.now(), seed=42, loudness_db=-9.2)
    job = Job.objects.create(
        team=band.team,
        token=token,
        paid_by=token.owner,
        subscription=band.subscription,
        song=take.song,
        state="completed",
        duration_ms=95_400,
    )
    page = page_of(band, take)
    for text in (
        "in 1:35",
        "the API token of",
        "Ghostwriter, pro",
        "lyria-3.5",
        ">42<",
        "-9.2 dB",
        f'href="/jobs/{job.pk}/"',
    ):
        assert text in page, text
    Job.objects.all().delete()
    assert "/jobs/" not in re.sub(r"(?s)^.*<main|</main>.*$", "", page_of(band, take))


def test_what_people_think_of_it_and_do_with_it_is_at_hand(band: Band) -> None:
    first, second = full(band, "Ferry", "Ferry")
    collection = Collection.objects.create(team=band.team, name="Harbour EP")
    collection.items.create(clip=first, place=1)
    page = page_of(band, first)
    for address in (
        *(f"/library/clips/{take.pk}/favourite/" for take in (first, second)),
        *(f"/library/clips/{first.pk}/{what}/" for what in ("rating", "tags", "add-to-collection")),
        f"/library/songs/{first.song_id}/rename/",
        "/library/selection/delete/",
        collection.get_absolute_url(),
    ):
        assert f'"{address}"' in page, address
    viewers = page_of(band, first, "viewer")
    assert f"/library/clips/{first.pk}/favourite/" in viewers
    assert not re.search(r"/(rename|collect|selection/delete)/", viewers)


def test_a_take_in_the_trash_still_has_its_page(band: Band) -> None:
    first, second = full(band, "Ferry", "Ferry")
    Clip.objects.filter(pk=first.pk).update(deleted_at=timezone.now())
    deleted = page_of(band, first)
    assert f'data-clip="{second.pk}"' in deleted
    assert f"/library/clips/{first.pk}/restore/" in deleted
    assert "/library/selection/delete/" not in deleted
    assert f'data-clip="{first.pk}"' not in page_of(band, second)
    Clip.objects.filter(pk=first.pk).update(erased_at=timezone.now())
    assert band.client("owner").get(first.get_absolute_url()).status_code == 404


def test_lyrics_that_were_drawn_before_are_never_out_of_date(band: Band) -> None:
    """They are kept by what they are made of: by other lyrics, other times or a file that is there now they change."""
    take = band.song("Copper Rain").takes.get()
    client, address = band.client("owner"), take.get_absolute_url()

    def lines(**changes: object) -> list[str]:
        Clip.objects.filter(pk=take.pk).update(**changes)
        page = client.get(address).content.decode()
        return re.findall(
            r'class="line[ "][^>]*?(?:data-from="([\d.]+)"[^>]*)?>\s*(?:<span[^>]*>)?([^<]+)<', page
        )

    first = {"lyrics": "[Verse]\nNeon rain", "lyrics_timing": [[1.5, 3]], "duration_s": 60}
    plain = lines(**first)
    assert [words.strip() for _, words in plain] == ["Neon rain"]
    assert [at for at, _ in plain] == [""]
    store(take, "m4a", b"content")
    assert [at for at, _ in lines()] == ["1.50"]
    assert [at for at, _ in lines(lyrics_timing=[[2, 3]])] == ["2.00"]
    assert [words.strip() for _, words in lines(lyrics="[Verse]\nCopper rain")] == ["Copper rain"]
