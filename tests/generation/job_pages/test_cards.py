"""What each state's card says and offers: the table of docs/look.md, section 3, line by line."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import ApiToken, FlowAccount, Membership, Role, Subscription
from apps.generation.job_pages import panel
from apps.generation.job_pages.card_writer import card
from apps.generation.job_pages.cards import Card
from apps.generation.models import Job, State
from apps.generation.restore import guard
from apps.library.models import Clip, ClipFile, Song
from tests.generation.conftest import Studio, member
from tests.generation.pages import signed_in
from tests.page import Page

pytestmark = pytest.mark.django_db
STOP = ["Cancel…"]
UNDECIDED = ["Check now", "Mark as lost…", "Retry…"]


def of(job: Job, person: Membership | None = None) -> Card:
    job = panel.with_card_relations(Job.objects.filter(pk=job.pk)).get()
    person = person or Membership.objects.get(team=job.team, user=job.asked_by_id)
    return card(job, panel.surroundings(person))


def said(made: Card) -> str:
    """All that stands on the card besides its buttons."""
    return " | ".join([made.subtitle, made.time_text, made.side_text, made.text, made.quote])


def song(job: Job, *, stored: str) -> None:
    """Two takes; the audio of those in `stored` ("A", "AB", "") is kept, take A has a cover."""
    made = Song.objects.create(team=job.team, asked_by=job.asked_by, tone="coral", created_at=timezone.now())
    for take, letter in enumerate("AB"):
        clip = Clip.objects.create(
            team=job.team,
            song=made,
            take=take,
            title="Copper Rain",
            subscription=job.subscription,
            clip_id=f"clip:{job.pk}{letter}",
        )
        kept = ClipFile.State.STORED if letter in stored else ClipFile.State.WANTED
        ClipFile.objects.create(clip=clip, kind="m4a", state=kept, next_try_at=timezone.now())
        ClipFile.objects.create(clip=clip, kind="thumb", state=kept, next_try_at=timezone.now())
    Job.objects.filter(pk=job.pk).update(song=made)


@dataclass(frozen=True)
class Case:
    """A row with these columns (and what `also` does) shows this card."""

    kind: str
    row: Callable[[], dict[str, object]]
    words: tuple[str, ...]
    actions: list[str] = field(default_factory=list)
    also: Callable[[Studio, Job], object] = lambda studio, job: None
    state: str = "queued"


def block(reason: str) -> Callable[[Studio, Job], object]:
    return lambda studio, job: FlowAccount.objects.update(block=reason)


def refuse(studio: Studio, job: Job) -> None:
    ApiToken.objects.update(refused_at=timezone.now(), refused_reason="")


def be_paid_by_a_viewer(studio: Studio, job: Job) -> None:
    ApiToken.objects.update(owner=member(studio.team, "vera@nightbus.example", Role.VIEWER))


def end_subscription(studio: Studio, job: Job) -> None:
    later = timezone.now() + timedelta(minutes=5)
    Subscription.objects.update(blocked_reason="The subscription has ended.", blocked_until=later)


def sent(**more: object) -> Callable[[], dict[str, object]]:
    """Sent to studio@ 40 seconds ago."""
    at = timedelta(seconds=40)
    return lambda: {
        "sent_at": timezone.now() - at,
        "ran_on": FlowAccount.objects.get(email__startswith="studio"),
        **{name: value() if callable(value) else value for name, value in more.items()},
    }


def now() -> object:
    return timezone.now()


def before(**time: float) -> Callable[[], object]:
    return lambda: timezone.now() - timedelta(**time)


def nothing() -> dict[str, object]:
    return {}


NOT_BEFORE = {"not_before": lambda: timezone.now() + timedelta(seconds=30), "wait_reason": "studio@ is busy."}
CASES = {
    "queued, next": Case("next", nothing, ("Next", "about 5 credits"), ["Pause", "Remove from queue"]),
    "next, no slot": Case(
        "next",
        nothing,
        ("Next: waiting for a free slot",),
        ["Pause", "Remove from queue"],
        lambda studio, job: FlowAccount.objects.update(max_jobs=0),
    ),
    "told to wait": Case(
        "next", sent(sent_at=None, ran_on=None, **NOT_BEFORE), ("Trying again in", "studio@ is busy."),
        ["Try now", "Pause", "Remove from queue"],
    ),
    "paused": Case(
        "paused", lambda: {"paused": True}, ("Paused until you resume it.",), ["Resume", "Remove from queue"]
    ),
    "blocked by its token": Case(
        "blocked", nothing, ("no longer accepts this token", "nothing spent"),
        ["Enter the new token", "Remove from queue"], refuse,
    ),
    "its token removed": Case(
        "blocked", lambda: {"token": None}, ("was removed", "nothing spent"), ["See tokens", "Remove from queue"]
    ),
    "its payer only listens": Case(
        "blocked", nothing, ("has become a viewer", "nothing spent"), ["Remove from queue"], be_paid_by_a_viewer
    ),
    "blocked by the subscription": Case(
        "blocked", nothing, ("The subscription has ended.",), ["See tokens", "Remove from queue"], end_subscription
    ),
    "blocked, account in error": Case(
        "blocked", nothing, ("wants", "to sign in again", "nothing spent"),
        ["Reconnect", "Remove from queue"], block("error"),
    ),
    "blocked, no credits": Case(
        "blocked", nothing, ("has no credits left", "nothing spent"), ["Top up", "Remove from queue"], block("credits")
    ),
    "blocked, account gone": Case(
        "blocked", nothing, ("is not connected",), ["See accounts", "Remove from queue"], block("gone")
    ),
    "no account at all": Case(
        "blocked",
        nothing,
        ("There is no Flow Music account",),
        ["See accounts", "Remove from queue"],
        lambda studio, job: FlowAccount.objects.all().delete(),
    ),
    "after a restored backup": Case(
        "blocked", nothing, ("a backup was restored",), ["Remove from queue"], lambda studio, job: pause_all(job)
    ),
    "submitting": Case("submitting", sent(), ("to studio@",), STOP, state="submitting"),
    "submitting, to be stopped": Case("submitting", sent(cancel_requested_at=now), ("to studio@",), state="submitting"),
    "running": Case(
        "running", sent(jobid="job:1", accepted_at=before(seconds=30)), ("studio@", "0:30", "usually 1:35"), STOP,
        state="running",
    ),
    "running long": Case(
        "long", sent(jobid="job:1", accepted_at=before(minutes=4)), ("4:00", "Still running. Nothing to do."), STOP,
        state="running",
    ),
    "running, token refused": Case(
        "running", sent(jobid="job:1", accepted_at=now), ("no longer accepts the token",),
        ["Enter the new token"], refuse, state="running",
    ),
    "running, being stopped": Case(
        "running", sent(jobid="job:1", accepted_at=now, cancel_requested_at=now), ("Being cancelled", "is spent"),
        state="running",
    ),
    "collecting": Case(
        "collecting", sent(jobid="job:1"), ("Saving 1 of 2 files; take A plays already.",),
        also=lambda s, j: song(j, stored="A"),
        state="collecting",
    ),
    "completed": Case(
        "completed", sent(jobid="job:1", finished_at=now, duration_ms=72_000),
        ("two takes, ", "5 credits", "made in 1:12"),
        also=lambda s, j: song(j, stored="AB"), state="completed",
    ),
    "completed, a file missing": Case(
        "incomplete", sent(jobid="job:1", finished_at=now), ("The file of take B is not there yet.",),
        also=lambda s, j: song(j, stored="A"), state="completed",
    ),
    "failed": Case(
        "failed",
        sent(finished_at=now, duration_ms=9_000, error_text="Flow Music would not make it.", error_quote="declined"),
        ("Flow Music would not make it.", "declined", "after 0:09"),
        ["Edit prompt", "Retry…", "Dismiss"],
        state="failed",
    ),
    "rejected": Case(
        "rejected", sent(finished_at=now, error_text="It was refused."), ("It was refused.", "nothing spent"),
        ["Edit prompt", "Dismiss"], state="rejected",
    ),
    "unknown": Case(
        "unknown", sent(unknown_since=now, times_checked=3),
        ("may have gone through", "not sent again", "Checked 3 times"),
        UNDECIDED, state="unknown",
    ),
    "unknown, given up": Case(
        "given_up", sent(unknown_since=before(minutes=41)), ("Not found in 40 min", "pays twice"),
        ["Search Flow Music…", "Retry…", "Mark as lost…"], state="unknown",
    ),
    "cancelled while running": Case(
        "cancelled", sent(jobid="job:1", finished_at=now), ("5 credits", "spent", "may still turn up"),
        ["Search Flow Music…", "Dismiss"],
        state="cancelled",
    ),
    "removed from the queue": Case(
        "removed", lambda: {"finished_at": timezone.now()}, ("Removed from the queue. Nothing spent.",),
        ["Undo", "Dismiss"],
        state="cancelled",
    ),
    "abandoned": Case(
        "abandoned", sent(finished_at=now), ("Never found.", "may have cost 5 credits"),
        ["Search Flow Music…", "Dismiss"], state="abandoned"
    ),
}  # fmt: skip


def pause_all(job: Job) -> None:
    guard.hold()
    Job.objects.filter(pk=job.pk).update(state="queued", unknown_since=None)


def arranged(studio: Studio, case: Case) -> Job:
    (job,) = studio.ask("slow disco with a brushed snare")
    case.also(studio, job)
    row = {name: value() if callable(value) else value for name, value in case.row().items()}
    Job.objects.filter(pk=job.pk).update(state=case.state, **row)
    return job


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_the_card_says_and_offers(studio: Studio, case: Case) -> None:
    made = of(arranged(studio, case))
    assert (made.kind, made.state) == (case.kind, case.state)
    assert [words for words in case.words if words not in said(made)] == [], said(made)
    assert [action.label for action in made.actions] == case.actions


def timeless(made: Card) -> str:
    """Seconds go on between two looks."""
    return re.sub(r"\d+", "0", said(made))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_somebody_else_reads_the_same_card_without_buttons(studio: Studio, case: Case) -> None:
    """Except that who may create may take the words over."""
    job = arranged(studio, case)
    words = [label for label in case.actions if label == "Edit prompt"]
    for role, left in ((Role.MEMBER, words), (Role.VIEWER, [])):
        mate = member(studio.team, f"{role}@nightbus.example", role)
        theirs = of(job, Membership.objects.get(user=mate))
        assert (timeless(theirs), [action.label for action in theirs.actions]) == (timeless(of(job)), left)
    admin = member(studio.team, "admin@nightbus.example", Role.ADMIN)
    left = [label for label in case.actions if label != "Undo"]  # which is for whoever pays for it
    assert [each.label for each in of(job, Membership.objects.get(user=admin)).actions] == left


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_page_shows_the_card_and_its_buttons_lead_somewhere(studio: Studio, case: Case) -> None:
    job = arranged(studio, case)
    client = Client()
    client.force_login(studio.user)
    page = Page(client.get(f"/jobs/{job.pk}/"))
    (shown,) = page.all("article", data_job=str(job.pk))
    assert (shown["data-kind"], shown["data-state"]) == (case.kind, case.state)
    for action in of(job).actions:
        if action.method == "post":
            form = page.one("form", action=action.url)
            assert form.one("button").text.strip() == action.label
            assert form.one("input", name="csrfmiddlewaretoken")["value"]
        else:
            words = f"{action.label} {action.price}".strip()
            assert words in [each.text.strip() for each in page.all("a", href=action.url)]
            assert client.get(action.url).status_code == 200, action.url


def test_every_kind_that_the_page_can_draw_is_in_the_table() -> None:
    drawn = {case.kind for case in CASES.values()} | {"queued"}
    assert drawn >= panel.NEEDS | panel.RUNS | panel.WAITS | {
        "cancelled",
        "removed",
        "abandoned",
        "incomplete",
    }
    assert {case.state for case in CASES.values()} == set(State.values)


def test_a_job_further_back_says_its_place(studio: Studio) -> None:
    jobs = [studio.ask()[0] for _ in range(3)]
    made = of(jobs[2])
    assert (made.kind, made.position, made.subtitle) == ("queued", 3, "3rd in the queue")


def test_the_title_is_the_songs_else_the_beginning_of_the_prompt(studio: Studio) -> None:
    (job,) = studio.ask("slow   disco\nwith a brushed snare " + "x" * 100)
    assert of(job).title.startswith("“slow disco with a brushed snare x")
    assert of(job).title.endswith("…”")
    song(job, stored="AB")
    Job.objects.filter(pk=job.pk).update(state="completed", finished_at=timezone.now())
    made = of(job)
    assert (made.title, made.tone, [take.letter for take in made.takes]) == (
        "Copper Rain",
        "coral",
        ["A", "B"],
    )
    assert made.cover_url.startswith("/library/clips/")


def test_a_second_song_for_one_request_is_shown_on_every_card(studio: Studio) -> None:
    (job,) = studio.ask()
    for state in ("completed", "failed", "running"):
        Job.objects.filter(pk=job.pk).update(state=state, incident={"jobids": ["job:1", "job:2"]})
        assert "A second song for this request turned up" in of(job).text


def test_a_person_who_left_is_said_to_have_left(studio: Studio) -> None:
    (job,) = studio.ask()
    Job.objects.filter(pk=job.pk).update(asked_by=None)
    made = of(job, Membership.objects.get(user=studio.user))
    assert (made.who_name, made.who_initials) == ("A former member", "?")
    assert [action.label for action in made.actions] == ["Pause", "Remove from queue"], "the owner may decide"


def test_a_finished_jobs_page_shows_each_take_once(studio: Studio) -> None:
    (job,) = studio.ask()
    song(job, stored="AB")
    Job.objects.filter(pk=job.pk).update(state="completed", finished_at=timezone.now())
    page = Page(signed_in(studio).get(f"/jobs/{job.pk}/"))
    letters = [
        each["data-letter"] for each in page.one(id="job-live").all("a") if "data-play" in each.attributes
    ]
    assert sorted(letters) == ["A", "B"]
