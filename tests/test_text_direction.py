"""What people write takes its own direction: each text stands in an element with `dir="auto"`, or in a <bdi>.

Every page of the table of URLs is read with Hebrew wherever a person, or Flow Music, writes something.
"""

from collections.abc import Iterator

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from apps.accounts.models import Team, UsageRow, User
from apps.generation.models import Job, Preset, Sweep
from apps.library.models import Clip, Collection, LyricDraft, LyricVersion, ReferenceFile, Song, Tag
from tests.page import Element, Page
from tests.sample_team import House, standing
from tests.test_urls import TABLE, Row
from tests.visitors import Visitors

HEBREW = "שיר הלילה"
LYRICS = f"[Verse]\n{HEBREW}\n{HEBREW}"
# Without a line of its own to take a direction: what the browser shows outside of the page, and lists of choices.
WITHOUT_DIRECTION = {"title", "script"}
READ_BY_PEOPLE = {"text", "search", None}


@pytest.fixture(scope="module")
def visitors(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Visitors]:
    with standing(django_db_blocker, tmp_path_factory) as house:
        write_hebrew(house)
        yield Visitors(house)


def page_of(entry: Row, visitors: Visitors) -> Page | None:
    """As the owner has it; None where it is no page."""
    address = reverse(entry.name, args=entry.arguments(visitors.house))
    answer, _ = visitors.ask("owner", "GET", address)
    is_page = answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html")
    return Page(answer) if is_page else None


def write_hebrew(house: House) -> None:
    User.objects.update(name=HEBREW)
    Team.objects.update(name=HEBREW)
    asked = {"prompt": HEBREW, "lyrics": LYRICS, "instruction": HEBREW}
    Song.objects.update(name=HEBREW, prompt=HEBREW, params=asked)
    Clip.objects.update(title=HEBREW, lyrics=LYRICS, lyrics_timing=[[1, 2], [3, 4]], duration_s=60)
    tag = Tag.objects.create(team=house.team, name=HEBREW, key=HEBREW)
    house.clip.tags.add(tag)
    Collection.objects.update(name=HEBREW)
    LyricDraft.objects.update(idea=HEBREW, structure=LYRICS)
    draft = LyricDraft.objects.get(pk=house.lyric_draft)
    for number in (1, 2):
        LyricVersion.objects.create(
            draft=draft, number=number, origin="own", title=HEBREW, lyrics=LYRICS, sound_prompt=HEBREW
        )
    ReferenceFile.objects.update(name=f"{HEBREW}.mp3", prompt=HEBREW)
    Preset.objects.update(name=HEBREW, fields=asked)
    Sweep.objects.update(inputs={"prompt": [HEBREW], "lyrics": [LYRICS], "ghostwriter": [""], "model": [""]})
    jobs(house, asked)
    UsageRow.objects.create(
        account=house.clip.account, day=timezone.now().date(), type="generate", title=HEBREW, tokens=60
    )


def jobs(house: House, asked: dict[str, str]) -> None:
    Job.objects.update(params=asked)
    common = {field: getattr(house.job, field) for field in ("team", "asked_by", "token", "subscription")}
    now = timezone.now()
    for state in ("running", "failed", "rejected", "unknown", "completed", "cancelled"):
        Job.objects.create(
            **common,
            state=state,
            params=asked,
            sent_at=now,
            unknown_since=now,
            finished_at=None if state in {"running", "unknown"} else now,
            error_text="Flow Music refused this.",
            error_quote=HEBREW,
            song=house.clip.song if state == "completed" else None,
        )


def astray(element: Element, *, has_direction: bool = False, words: str = HEBREW) -> Iterator[str]:
    """The elements in which a text stands that would be set from left to right, whatever it is."""
    has_direction |= element.tag == "bdi" or element["dir"] == "auto"
    if has_direction or element.tag in WITHOUT_DIRECTION:
        return
    if element.tag == "input" and words in (element["value"] or "") and element["type"] in READ_BY_PEOPLE:
        yield f'<input name="{element["name"]}">'
    for child in element.children:
        if not isinstance(child, str):
            yield from astray(child, words=words)
        elif words in child:
            yield f'<{element.tag} class="{element["class"] or ""}">'


@pytest.mark.parametrize("entry", TABLE, ids=lambda entry: entry.name)
def test_what_people_write_takes_its_own_direction(visitors: Visitors, entry: Row) -> None:
    if page := page_of(entry, visitors):
        assert sorted(set(astray(page))) == []


@pytest.mark.long
def test_every_field_to_write_in_takes_the_direction_of_what_is_written(visitors: Visitors) -> None:
    fields = [
        field
        for entry in TABLE
        if (page := page_of(entry, visitors))
        for field in [*page.all("textarea"), *page.all("input")]
        if field.tag == "textarea" or field["type"] in READ_BY_PEOPLE
    ]
    assert len(fields) > 50
    assert {field["name"] for field in fields if field["dir"] != "auto"} == set()
