"""What Flow Music charged takes the place of the estimates that count against caps: once, and where it is certain."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts import api_clients, usage_sync
from apps.accounts.models import FlowAccount, MonthlyCredits, Role, Team
from apps.accounts.models.monthly_credits import month_of
from apps.generation.jobs import counted_credits
from apps.generation.models import Job
from apps.generation.polling import record_outcome
from apps.generation.usage import charges
from apps.library.models import Clip, Song
from apps.upstream.records import JobRecord
from apps.upstream.usage import UsageEvent
from tests.generation.conftest import Studio, member, with_token
from tests.generation.edits.test_chains import make

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]


def counted(studio: Studio) -> int:
    """Of the person; of the team it is the same."""
    found = set(MonthlyCredits.objects.filter(team=studio.team).values_list("credits", flat=True))
    assert len(found) == 1
    return found.pop()


def booked(conversation: str, title: str, credits: int, **values: Any) -> UsageEvent:
    now = timezone.now()
    said = {"day": now.date(), "latest_at": now} | values
    return UsageEvent("producer-usage", credits * 12, conversation, title, **said)


def read(studio: Studio, events: Iterable[UsageEvent], *, later: timedelta = timedelta()) -> None:
    """Read with that answer, and counted as often as messages come."""
    account = studio.account("studio")
    usage_sync.save(account, events, read_at=timezone.now() + later)
    assert account.pk in charges.due()
    for _ in range(2):
        charges.count(account.pk)
    assert account.pk not in charges.due()


def title_of(take: Clip) -> str:
    assert take.title
    return take.title


def charge(job: Job) -> tuple[int, bool]:
    job.refresh_from_db()
    return job.counted_credits, job.charge_known


def test_a_reading_moves_the_figure_once_and_an_edit_is_what_came_since(studio: Studio) -> None:
    """By the real answer of the remote side, whose song cost 5 and was estimated with 12."""
    FlowAccount.objects.update(song_credits=12)
    take = studio.take()
    (song,) = Job.objects.all()
    assert counted(studio) == 12
    account = studio.account("studio")
    client = api_clients.of_token(studio.token)
    for _ in range(2):
        usage_sync.read(account, studio.token, client)
        charges.count(account.pk)
        assert (counted(studio), charge(song)) == (5, (5, True))
    edit = studio.ask_for("cover", source=take)
    charges.count(account.pk)
    assert (counted(studio), charge(edit)) == (17, (12, False)), "it is under way, and keeps its estimate"
    make(studio, edit)
    usage_sync.read(account, studio.token, client)
    charges.count(account.pk)
    assert (counted(studio), charge(edit), charge(song)) == (10, (5, True), (5, True))


def test_shared_in_proportion_and_only_when_all_of_it_is_booked(studio: Studio) -> None:
    """A song and its edit that nobody asked about before; the song's charge alone is not yet all."""
    take = studio.take()
    make(studio, edit := studio.ask_for("cover", source=take))
    song = Job.objects.get(operation="music")
    early = edit.created_at - timedelta(minutes=5)
    read(studio, [booked("a", title_of(take), 7, latest_at=early)])
    assert (charge(song), charge(edit)) == ((5, False), (5, False))
    read(studio, [booked("a", title_of(take), 15)], later=timedelta(seconds=1))
    assert (counted(studio), charge(song)[0] + charge(edit)[0]) == (15, 15)
    read(studio, [booked("a", title_of(take), 99)], later=timedelta(seconds=2))
    assert counted(studio) == 15, "it was settled"


def failed(job: Job, words: str = "declined") -> None:
    job.refresh_from_db()
    error = {"code": "refused", "message": words}
    record = JobRecord.parse({"jobid": job.jobid, "email": "a@b.c", "status": "failed", "error": error})
    record_outcome.apply(job, record)


def test_an_edit_that_has_just_failed_may_be_charged_still(studio: Studio) -> None:
    take = studio.take()
    edit = studio.ask_for("cover", source=take)
    studio.dispatch()
    failed(edit)
    read(studio, [booked("a", title_of(take), 5)], later=timedelta(minutes=9))
    assert charge(edit) == (5, False)
    read(studio, [booked("a", title_of(take), 10)], later=timedelta(minutes=11))
    assert (charge(edit), counted(studio)) == ((5, True), 10)


def test_an_edit_of_a_song_from_before_there_were_caps_stays_an_estimate(studio: Studio) -> None:
    """What that song was charged belongs to a month that nobody counted, and may have been anything."""
    take = studio.take()
    song = Job.objects.get()
    MonthlyCredits.objects.all().delete()
    Job.objects.update(counted_in=None, counted_credits=0)
    make(studio, edit := studio.ask_for("cover", source=take))
    read(studio, [booked("a", title_of(take), 10)])
    assert (charge(song), charge(edit), counted(studio)) == ((0, False), (5, False), 5)
    counted_credits.correct(song, 7)
    assert Job.objects.get(pk=song.pk).counted_in == month_of(), "the month in which that was added"


@pytest.mark.parametrize("why", ["made elsewhere", "another team's", "imported", "no token"])
def test_what_may_be_about_another_song_stays_an_estimate(studio: Studio, why: str) -> None:
    take = studio.take()
    (job,) = Job.objects.all()
    events = [booked("a", title_of(take), 30)]
    if why == "made elsewhere":
        events.append(booked("b", title_of(take), 30))
    elif why == "another team's":
        other = Team.objects.create(name="Day Ferry")
        nele = with_token(studio.sandbox, other, member(other, "nele@dayferry.example", Role.OWNER))
        nele.take()
        events.append(booked("b", title_of(take), 30))
    elif why == "imported":
        Song.objects.filter(pk=take.song_id).update(operation=Song.IMPORT)
        Job.objects.filter(pk=job.pk).update(song=None)
    else:
        studio.token.refuse(at=timezone.now(), reason="refused")
    read(studio, events)
    assert (charge(job), counted(studio)) == ((5, False), 5)


def test_songs_of_one_title_share_what_they_cost_together(studio: Studio) -> None:
    """Ten songs of one prompt often have one title: nobody knows which conversation is whose, but the sum is right."""
    takes = [studio.take() for _ in range(3)]
    assert len({title_of(take) for take in takes}) == 1
    read(
        studio,
        [booked(name, title_of(takes[0]), credits) for name, credits in (("a", 5), ("b", 9), ("c", 6))],
    )
    assert counted(studio) == 20
    assert sorted(Job.objects.values_list("counted_credits", flat=True)) == [6, 7, 7]


def test_a_failed_one_counts_nothing_once_it_is_certain(studio: Studio) -> None:
    """Refused in its own record; or nothing at all was charged to its account since. Else it may have cost credits."""
    first, second, third = studio.ask(count=3, account=studio.account("studio"))
    studio.dispatch()
    for job, words in (
        (first, "FlowMusic conversation failed (402): …"),
        (second, "declined"),
        (third, "declined"),
    ):
        failed(job, words)
    assert ("Nothing was spent" in Job.objects.get(pk=first.pk).error_text, charge(first)) == (
        True,
        (0, True),
    )
    assert counted(studio) == 10
    soon, later = timedelta(minutes=9), timedelta(minutes=11)
    read(studio, [booked("x", "Somebody’s", 5, latest_at=third.created_at - timedelta(hours=1))], later=soon)
    assert counted(studio) == 10, "it may come late"
    Job.objects.filter(pk=third.pk).update(sent_at=timezone.now() - timedelta(hours=2))
    read(studio, [booked("x", "Somebody’s", 5, latest_at=third.created_at - timedelta(hours=1))], later=later)
    assert (charge(second), charge(third), counted(studio)) == ((0, True), (5, False), 5)
    assert MonthlyCredits.objects.filter(month=month_of()).count() == 2
