"""Pages of jobs: every action plain and by HTMX, who may decide, the list with its filters and its paging."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from apps.accounts.models import ApiToken, Role, Team
from apps.generation.job_pages import job_list
from apps.generation.models import Job, PanelVersion, State
from tests.generation.conftest import Studio, member, state, with_token
from tests.generation.pages import signed_in
from tests.page import Page

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/library/"}


def put(job: Job, to: str, **columns: object) -> Job:
    """The row in that state, as the transitions would leave it."""
    now = timezone.now()
    known = {
        "unknown": {"sent_at": now, "unknown_since": now},
        "running": {"sent_at": now, "jobid": f"job:{job.pk}", "accepted_at": now},
        "failed": {"finished_at": now},
    }
    Job.objects.filter(pk=job.pk).update(state=to, **known.get(to, {}), **columns)
    PanelVersion.bump(job.team_id)
    job.refresh_from_db()
    return job


def act(studio: Studio, job: Job, action: str, **headers: str) -> HttpResponse:
    return signed_in(studio).post(f"/jobs/{job.pk}/{action}/", headers=headers)


def is_(**columns: object) -> Callable[[Job], bool]:
    return lambda job: all(getattr(job, name) == value for name, value in columns.items())


ACTIONS = {
    "remove": ("cancel", "queued", is_(state="cancelled")),
    "cancel": (
        "cancel",
        "running",
        lambda job: job.state == "running" and bool(job.cancel_requested_at),
    ),
    "mark as lost": ("mark-lost", "unknown", is_(state="abandoned")),
    "pause": ("pause", "queued", is_(paused=True)),
    "resume": ("resume", "queued", is_(paused=False)),
    "dismiss": ("dismiss", "failed", lambda job: bool(job.hidden_at)),
    "check now": ("check", "unknown", lambda job: job.subscription.next_poll_at is None),
    "retry": ("retry", "failed", lambda job: job.retries.count() == 1),
}


@pytest.mark.parametrize(("action", "start", "done"), ACTIONS.values(), ids=ACTIONS)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_each_action(
    studio: Studio, action: str, start: str, done: Callable[[Job], bool], headers: dict[str, str]
) -> None:
    job = put(studio.ask()[0], start, paused=action == "resume")
    page = Page(signed_in(studio).get("/jobs/panel/"))
    before = page.one("aside", id="panel")["data-version"]
    response = act(studio, job, action, **headers)
    job.refresh_from_db()
    assert done(job)
    if headers:
        assert response.status_code == 200
        panel = Page(response).one("aside", id="panel")
        assert action == "check" or panel["data-version"] != before
    else:
        assert (response.status_code, response.headers["Location"]) == (302, "/jobs/")


@pytest.mark.parametrize(("action", "start", "done"), ACTIONS.values(), ids=ACTIONS)
def test_a_second_click_changes_nothing_more(
    studio: Studio, action: str, start: str, done: Callable[[Job], bool]
) -> None:
    job = put(studio.ask()[0], start)
    for _ in range(2):
        assert act(studio, job, action).status_code == 302
    assert Job.objects.count() == (2 if action == "retry" else 1)
    studio.dispatch()
    assert sum(studio.sandbox.state.charges().values()) <= 1


@pytest.mark.parametrize("action", ["cancel", "mark-lost", "retry"])
def test_looking_at_the_question_decides_nothing(studio: Studio, action: str) -> None:
    job = put(studio.ask()[0], "unknown")
    before = Job.objects.values().get()
    page = Page(signed_in(studio).get(f"/jobs/{job.pk}/{action}/"))
    assert Job.objects.values().get() == before
    form = page.one("form", action=f"/jobs/{job.pk}/{action}/")
    assert form["method"] == "post"
    assert form.one("input", name="csrfmiddlewaretoken")["value"]
    (safe,) = [each for each in form.all("a") if each["href"] == "/jobs/"]
    assert safe.text.strip()


@pytest.mark.parametrize("action", ["check", "pause", "resume", "dismiss"])
def test_what_asks_nothing_back_has_no_page(studio: Studio, action: str) -> None:
    (job,) = studio.ask()
    assert signed_in(studio).get(f"/jobs/{job.pk}/{action}/").status_code == 405


@pytest.mark.parametrize("action", ["explode", "adopt%20", "CANCEL", "cancel/cancel"])
def test_an_action_that_is_none_is_404(studio: Studio, action: str) -> None:
    (job,) = studio.ask()
    assert act(studio, job, action).status_code == 404
    assert act(studio, Job(pk=uuid.uuid4()), "cancel").status_code == 404
    assert state(job) == "queued"


# An action that came too late finds the row as it is.


@pytest.mark.parametrize("late", ["completed", "collecting", "rejected"])
@pytest.mark.parametrize("action", ["cancel", "mark-lost", "pause", "resume", "check"])
def test_a_click_that_came_too_late_does_no_harm(studio: Studio, late: str, action: str) -> None:
    job = put(studio.ask()[0], late)
    before = Job.objects.values().get()
    assert act(studio, job, action).status_code == 302
    assert Job.objects.values().get() == before


# Who may decide.


@pytest.mark.parametrize(
    ("role", "own", "status"),
    [
        (Role.MEMBER, True, 302),
        (Role.MEMBER, False, 403),
        (Role.ADMIN, False, 302),
        (Role.OWNER, False, 302),
        (Role.VIEWER, False, 403),
        (Role.VIEWER, True, 403),
    ],
)
def test_who_may_decide(studio: Studio, role: Role, own: bool, status: int) -> None:
    mate = Studio(
        studio.sandbox, studio.team, member(studio.team, "mate@nightbus.example", role), studio.token
    )
    (job,) = studio.ask()
    if own:
        Job.objects.update(asked_by=mate.user)
    for action in ("pause", "resume", "check", "dismiss", "cancel", "mark-lost"):
        assert act(mate, job, action).status_code == status, action
    assert act(mate, job, "pause", **HTMX).status_code == (200 if status == 302 else status)
    assert (state(job) == "cancelled") == (status == 302)


def test_a_stranger_is_told_nothing(studio: Studio) -> None:
    home = Team.objects.create(name="Elsewhere")
    eve = with_token(
        studio.sandbox, home, member(home, "eve@elsewhere.example", Role.OWNER), "user:2000-sandboxdemo"
    )
    (job,) = studio.ask("their secret words")
    for action in ("cancel", "mark-lost", "retry", "check", "pause", "resume", "dismiss"):
        for headers in ({}, HTMX):
            assert act(eve, job, action, **headers).status_code == 404
    assert signed_in(eve).get(f"/jobs/{job.pk}/").status_code == 404
    assert "secret words" not in signed_in(eve).get("/jobs/").content.decode()
    assert state(job) == "queued"


def test_somebody_signed_out_keeps_the_page_with_what_is_typed_there(studio: Studio) -> None:
    (job,) = studio.ask()
    answer = Client().post(f"/jobs/{job.pk}/cancel/", headers=HTMX)
    assert (answer.status_code, answer.content) == (401, b"")
    assert "HX-Redirect" not in answer.headers
    assert state(job) == "queued"


# Making it again.


def test_a_retry_is_a_new_job_with_the_same_request(studio: Studio) -> None:
    job = put(studio.ask("slow disco")[0], "unknown")
    page = Page(signed_in(studio).get(f"/jobs/{job.pk}/retry/"))
    assert "you pay twice" in page.text
    assert act(studio, job, "retry").status_code == 302
    new = Job.objects.get(retry_of=job)
    assert (state(job), new.state, new.params) == ("abandoned", "queued", job.params)
    assert [line.text for line in new.story.all()] == ["Retried by mara."]
    assert "of an earlier job" in Page(signed_in(studio).get(f"/jobs/{new.pk}/")).text


def test_without_a_token_of_ones_own_it_says_what_to_do(studio: Studio) -> None:
    boss = Studio(
        studio.sandbox, studio.team, member(studio.team, "boss@nightbus.example", Role.OWNER), studio.token
    )
    job = put(studio.ask()[0], "failed")
    page = Page(act(boss, job, "retry"))
    assert page.status == 422
    assert "You need a token of your own" in page.notice
    assert not page.all("button", data_pay="")
    assert Job.objects.count() == 1


@pytest.mark.parametrize("start", ["queued", "running", "collecting", "completed"])
def test_what_is_alive_or_done_is_not_retried(studio: Studio, start: str) -> None:
    job = put(studio.ask()[0], start)
    page = Page(act(studio, job, "retry"))
    assert (page.status, page.notice) == (422, "This can’t be retried as it is.")
    assert Job.objects.count() == 1


# The list.


def one_of_each(studio: Studio) -> dict[str, Job]:
    jobs = {each.value: studio.ask(f"prompt number {index}")[0] for index, each in enumerate(State)}
    for index, (to, job) in enumerate(jobs.items()):
        put(job, to, created_at=timezone.now() - timedelta(hours=index))
    return jobs


def listed(studio: Studio, address: str) -> list[str]:
    page = Page(signed_in(studio).get(address))
    assert page.status == 200
    return [str(card["data-job"]) for card in page.one("div", class_="jobs-list").all("article")]


@pytest.mark.parametrize(
    ("chosen", "states"),
    [
        ("needs", {"unknown", "failed", "rejected"}),
        ("running", {"submitting", "running", "collecting"}),
        ("queued", {"queued"}),
        ("line", {"queued"}),
        ("done", {"completed"}),
        ("closed", {"cancelled", "abandoned"}),
        ("all", set(State.values)),
        ("nonsense", set(State.values)),
    ],
)
def test_the_list_by_state(studio: Studio, chosen: str, states: set[str]) -> None:
    jobs = one_of_each(studio)
    shown = listed(studio, f"/jobs/?state={chosen}")
    assert sorted(shown) == sorted(str(jobs[each].pk) for each in states)
    assert set(job_list.FILTERS) == {"needs", "running", "queued", "done", "closed", "all"}


def test_the_list_by_person(studio: Studio) -> None:
    mate = with_token(studio.sandbox, studio.team, member(studio.team, "jonas@nightbus.example"))
    (mine,), (theirs,) = studio.ask("mine"), mate.ask("theirs")
    assert set(listed(studio, "/jobs/")) == {str(mine.pk), str(theirs.pk)}
    assert listed(studio, "/jobs/?who=mine") == [str(mine.pk)]
    assert listed(mate, "/jobs/?who=mine&state=line") == [str(theirs.pk)]
    assert listed(studio, "/jobs/?who=mine&state=done") == []
    assert "No jobs of this kind" in signed_in(studio).get("/jobs/?state=done").content.decode()


@pytest.mark.parametrize(
    "address", ["/jobs/?request={nonce}", "/jobs/?wish={nonce}", "/jobs/?state=queued", "/jobs/?state=line"]
)
def test_the_songs_of_one_request_stand_in_their_order(studio: Studio, address: str) -> None:
    """Also where none of them has a position, because all of them wait for one thing."""
    songs = studio.ask("slow disco", count=12)
    ApiToken.objects.update(refused_at=timezone.now())
    shown = listed(studio, address.format(nonce=songs[0].nonce))
    assert shown == [str(song.pk) for song in sorted(songs, key=lambda each: each.batch_index)]


def test_an_empty_list_says_how_to_begin(studio: Studio) -> None:
    assert "Nothing is running." in signed_in(studio).get("/jobs/").content.decode()


def test_paging_shows_each_job_once_newest_first_even_when_times_are_equal(studio: Studio) -> None:
    start = timezone.now()
    count = job_list.PER_PAGE * 2 + 5
    for _ in range(count // 5):
        studio.ask(count=5)
    for index, job in enumerate(Job.objects.all()):
        put(job, "completed", created_at=start - timedelta(minutes=index // 7), batch_size=1)
    expected = [str(pk) for pk in Job.objects.order_by("-created_at", "-pk").values_list("pk", flat=True)]
    seen, address = [], "/jobs/?state=done"
    for _ in range(4):
        seen += listed(studio, address)
        older = [a for a in Page(signed_in(studio).get(address)).all("a") if a.text.strip() == "Older jobs"]
        if not older:
            break
        address = str(older[0]["href"])
        put(studio.ask("newer")[0], "completed")  # doesn't shift the pages below it
    assert seen == expected


@pytest.mark.parametrize(
    "before", ["x", ",", "2026-11-20,1", "2026-11-20T10:00:00," + "0" * 32, "9" * 5000, "%00"]
)
def test_a_place_that_is_none_is_the_first_page(studio: Studio, before: str) -> None:
    (job,) = studio.ask()
    assert listed(studio, f"/jobs/?before={before}") == [str(job.pk)]


def test_one_jobs_page_tells_its_story_and_hides_what_was_typed_in_it(studio: Studio) -> None:
    (job,) = studio.ask("slow <b>disco</b>")
    studio.dispatch()
    page = signed_in(studio).get(f"/jobs/{job.pk}/").content.decode()
    assert "slow &lt;b&gt;disco&lt;/b&gt;" in page
    assert "<b>disco" not in page
    for line in ("Requested by", "Taken from the queue", "Sending, once.", "Flow Music has it."):
        assert line in page
    assert job.reference in page, "what support asks for"
