"""The songs of one request as one card, and each of them on a page."""

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import FlowAccount, Membership
from apps.generation.job_pages import panel
from apps.generation.job_pages.batch_cards import fold
from apps.generation.job_pages.cards import Card
from apps.generation.models import Job, State
from tests.generation.conftest import Studio

GROUPS = (
    dict.fromkeys(panel.NEEDS, "needs")
    | dict.fromkeys(panel.RUNS, "running")
    | dict.fromkeys(panel.WAITS, "queued")
)
pytestmark = pytest.mark.django_db(transaction=True)


def cards(studio: Studio) -> dict[str, list[Card]]:
    """As the person who requested them sees them."""
    live = panel.read(Membership.objects.get(user=studio.user))
    found: dict[str, list[Card]] = {}
    for card in fold(live.cards):
        found.setdefault(GROUPS.get(card.kind, "done"), []).append(card)
    return found


def test_one_card_while_several_are_to_come(studio: Studio) -> None:
    first, *_ = jobs = studio.ask(count=7)
    Job.objects.filter(pk=first.pk).update(
        state=State.RUNNING, accepted_at=timezone.now(), jobid="job:1", ran_on=studio.account("studio")
    )
    Job.objects.filter(pk__in=[job.pk for job in jobs[1:4]]).update(
        state=State.COMPLETED, finished_at=timezone.now()
    )
    (whole,) = cards(studio)["running"]
    assert whole.title.startswith("7 songs: “")
    assert (whole.side_text, whole.subtitle) == ("rendered 3, saved 3", "1 running, 3 queued")
    assert len(whole.segments) == 7
    assert "/7" not in whole.title
    assert sorted(song.title.rpartition(" ")[2] for song in whole.segments) == [f"{n}/7" for n in range(1, 8)]
    assert set(cards(studio)) == {"running"}


def test_what_is_rendered_is_not_saved_yet(studio: Studio) -> None:
    jobs = studio.ask(count=5)
    Job.objects.filter(pk__in=[job.pk for job in jobs[:3]]).update(
        state=State.COLLECTING, collecting_since=timezone.now()
    )
    Job.objects.filter(pk=jobs[0].pk).update(state=State.COMPLETED, finished_at=timezone.now())
    (whole,) = cards(studio)["running"]
    assert (whole.side_text, whole.subtitle) == ("rendered 3, saved 1", "2 queued")
    assert [(each.number, each.state) for each in whole.segments] == [
        (1, "completed"), (2, "collecting"), (3, "collecting"), (4, "queued"), (5, "queued")
    ]  # fmt: skip


def test_what_needs_a_person_keeps_its_own_card(studio: Studio) -> None:
    first, *_ = studio.ask(count=4)
    Job.objects.filter(pk=first.pk).update(
        state=State.FAILED, finished_at=timezone.now(), error_text="Flow Music created nothing."
    )
    shown = cards(studio)
    assert [card.id for card in shown["needs"]] == [first.pk]
    assert len(shown["queued"][0].segments) == 3


def test_songs_that_wait_for_the_same_thing_are_one_card(studio: Studio) -> None:
    studio.ask(count=5)
    FlowAccount.objects.update(block="credits", block_until=None)
    (whole,) = cards(studio)["needs"]
    assert whole.title.startswith("5 songs: “")
    assert (whole.kind, len(whole.segments)) == ("blocked", 5)
    assert [action.label for action in whole.actions] == ["Top up", "Remove all…", "Show each"]


def test_requests_that_wait_for_the_same_thing_are_one_card(studio: Studio) -> None:
    asked = [*studio.ask("slow disco", count=2), *studio.ask("a waltz")]
    FlowAccount.objects.update(block="credits", block_until=None)
    (whole,) = cards(studio)["needs"]
    assert (whole.title, len(whole.segments)) == ("3 songs wait", 3)
    assert [action.label for action in whole.actions] == ["Top up", "Show each"]
    browser = Client()
    browser.force_login(studio.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = browser.get(whole.actions[-1].url).content.decode()
    assert [f'data-job="{job.pk}"' in page for job in asked] == [True] * 3


def test_the_last_one_to_come_is_a_card_like_any_other(studio: Studio) -> None:
    *done, last = studio.ask(count=3)
    Job.objects.filter(pk__in=[job.pk for job in done]).update(
        state=State.COMPLETED, finished_at=timezone.now()
    )
    assert [card.id for card in cards(studio)["queued"]] == [last.pk]
    assert len(cards(studio)["done"]) == 2


def test_each_song_of_a_request_is_on_a_page(studio: Studio) -> None:
    jobs, others = studio.ask(count=3), studio.ask("something else", count=2)
    (whole, _) = cards(studio)["queued"]
    action = whole.actions[-1]
    browser = Client()
    browser.force_login(studio.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = browser.get(action.url).content.decode()
    assert [f'data-job="{job.pk}"' in page for job in jobs] == [True] * 3
    assert [f'data-job="{job.pk}"' in page for job in others] == [False] * 2
