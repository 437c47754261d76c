"""The live panel: what it costs, whom it answers, and that no page costs more with more rows."""

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import ApiToken, FlowAccount, Membership, Role, Subscription, Team
from apps.generation.job_pages import panel
from apps.generation.jobs import poll_times
from apps.generation.models import Job, JobEvent, PanelVersion, State
from apps.library.models import Clip, ClipFile, Song
from apps.upstream.token import Token
from tests.generation.conftest import Studio, member, with_token
from tests.generation.pages import signed_in
from tests.page import Page

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/library/"}


@contextmanager
def queries() -> Iterator[list[str]]:
    """The statements of the block, without the savepoints of the test itself."""
    found: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield found
    found += [each["sql"] for each in captured if not re.match(r"(RELEASE )?SAVEPOINT", each["sql"])]


def version(client: Client) -> str:
    """As a page keeps it: with it the answer is 204."""
    return str(Page(client.get("/jobs/panel/")).one("aside", id="panel")["data-version"])


# Changed and unchanged.


def test_unchanged_costs_session_user_membership_and_version(studio: Studio) -> None:
    studio.ask(count=5)
    client = signed_in(studio)
    address = f"/jobs/panel/?v={version(client)}"
    with queries() as asked:
        answer = client.get(address, headers=HTMX)
    assert (answer.status_code, answer.content) == (204, b"")
    tables = [set(re.findall(r'(?:FROM|JOIN) "(\w+)"', sql)) for sql in asked]
    assert tables == [
        {"django_session"},
        {"accounts_user"},
        {"accounts_membership", "accounts_team", "generation_panelversion"},
    ]


@pytest.mark.parametrize("known", ["", "0", "999999", "x", "1%00"])
def test_another_version_gets_the_panel(studio: Studio, known: str) -> None:
    studio.ask()
    answer = signed_in(studio).get(f"/jobs/panel/?v={known}")
    assert answer.status_code == 200
    found = str(Page(answer).one("aside", id="panel")["data-version"])
    assert found.split("-")[0] == str(PanelVersion.of(studio.team))


def test_every_change_is_one_panel_and_then_quiet(studio: Studio) -> None:
    client = signed_in(studio)
    (job,) = studio.ask()
    seen = version(client)
    assert client.get(f"/jobs/panel/?v={seen}").status_code == 204
    client.post(f"/jobs/{job.pk}/pause/")
    changed = Page(client.get(f"/jobs/panel/?v={seen}"))
    (card,) = changed.all("article", data_job=str(job.pk))
    assert card["data-kind"] == "paused"
    assert client.get(f"/jobs/panel/?v={version(client)}").status_code == 204


def test_the_version_of_another_team_is_not_ours(studio: Studio) -> None:
    """Permission comes before the version: with equal numbers a stranger still sees only his own panel."""
    home = Team.objects.create(name="Elsewhere")
    eve = Studio(studio.sandbox, home, member(home, "eve@elsewhere.example"), studio.token)
    studio.ask("their secret words")
    PanelVersion.objects.update_or_create(team=home, defaults={"version": 1})
    ours, theirs = version(signed_in(studio)), version(signed_in(eve))
    assert ours.split("-")[0] == theirs.split("-")[0] == "1"
    assert signed_in(eve).get(f"/jobs/panel/?v={theirs}").status_code == 204
    for known in (ours, "1", "", "1-1-owner"):
        answer = signed_in(eve).get(f"/jobs/panel/?v={known}")
        assert answer.status_code == 200
        assert "secret words" not in answer.content.decode()
    Membership.objects.filter(user=eve.user).delete()
    assert signed_in(eve).get(f"/jobs/panel/?v={theirs}").status_code == 404
    assert signed_in(eve).get(f"/jobs/panel/?v={ours}").status_code == 404


def test_somebody_signed_out_keeps_the_page_with_what_is_typed_there(studio: Studio) -> None:
    answer = Client().get("/jobs/panel/?v=1", headers=HTMX)
    assert (answer.status_code, answer.content) == (401, b"")
    assert "HX-Redirect" not in answer.headers


def test_a_viewer_sees_it_without_buttons(studio: Studio) -> None:
    (job,) = studio.ask()
    viewer = Studio(
        studio.sandbox, studio.team, member(studio.team, "priya@nightbus.example", Role.VIEWER), studio.token
    )
    page = Page(signed_in(viewer).get("/jobs/panel/"))
    (card,) = page.all("article", data_job=str(job.pk))
    assert card.all("form") == []
    assert card.all("button") == []


def test_watching_asks_nothing_of_the_remote_side_and_writes_nothing(studio: Studio) -> None:
    studio.ask()
    poll_times.poll_now(studio.subscription.pk)
    client, before = signed_in(studio), studio.sandbox.requests()
    cache.clear()
    with queries() as asked:
        for _ in range(20):
            client.get("/jobs/panel/")
    assert studio.sandbox.requests() == before
    assert [sql for sql in asked if not sql.startswith("SELECT")] == []
    soon = timezone.now() + timedelta(minutes=1)
    assert poll_times.due(soon).filter(pk=studio.subscription.pk).exists(), "an open panel is watched for"


def test_it_is_active_only_while_something_moves(studio: Studio) -> None:
    client = signed_in(studio)

    def active() -> str | None:
        return Page(client.get("/jobs/panel/")).one("aside", id="panel")["data-active"]

    assert active() == "0"
    (job,) = studio.ask()
    for to, moves in (
        ("queued", "1"),
        ("running", "1"),
        ("collecting", "1"),
        ("failed", "0"),
        ("completed", "0"),
    ):
        Job.objects.update(state=to, finished_at=timezone.now())
        PanelVersion.bump(studio.team.pk)
        assert active() == moves, to
    Job.objects.filter(pk=job.pk).update(state="queued", paused=True)
    PanelVersion.bump(studio.team.pk)
    assert active() == "0"


def test_what_needs_a_person_comes_first(studio: Studio) -> None:
    for to in ("completed", "queued", "running", "failed"):
        (job,) = studio.ask()
        Job.objects.filter(pk=job.pk).update(state=to, finished_at=timezone.now(), accepted_at=timezone.now())
    page = Page(signed_in(studio).get("/jobs/panel/"))
    assert [each["data-group"] for each in page.all("section")] == ["needs", "running", "queued", "done"]


def test_slots_say_ours_and_those_from_elsewhere_and_nothing_of_other_teams(studio: Studio) -> None:
    home = Team.objects.create(name="Elsewhere")
    other = with_token(studio.sandbox, home, member(home, "eve@elsewhere.example"))
    (theirs,) = other.ask("their secret words", account=studio.account("studio"))
    other.dispatch()
    FlowAccount.objects.filter(email__startswith="studio").update(elsewhere=1, running=2)
    answer = signed_in(studio).get("/jobs/panel/")
    page = answer.content.decode()
    (slot,) = [each for each in Page(answer).all("div", class_="slot") if "studio@" in each.text]
    assert "2 of 4 1 from elsewhere" in slot.text
    assert "secret words" not in page
    assert str(theirs.pk) not in page


# The number of queries doesn't grow with the number of rows.


def grow(studio: Studio, count: int) -> None:
    """`count` more of everything that the pages list: people, accounts, songs, jobs (at first one of every state)."""
    states = (
        State.values if count == 1 else [State.values[index % len(State.values)] for index in range(count)]
    )
    subscription, now = studio.subscription, timezone.now()
    for index in range(count):
        mate = member(studio.team, f"mate{uuid.uuid4().hex[:8]}@nightbus.example")
        token = ApiToken(team=studio.team, owner=mate, subscription=subscription)
        token.set_token(Token("user:1000-sandboxdemo"))
        token.save()
        account = FlowAccount.objects.create(
            subscription=subscription,
            email=f"{uuid.uuid4().hex}@sandbox.example",
            credits=100,
            checked_at=now,
        )
        own_subscription(studio)
        song = Song.objects.create(team=studio.team, asked_by=mate, prompt="x", created_at=now)
        for take in range(2):
            clip = Clip.objects.create(
                team=studio.team, song=song, take=take, subscription=subscription, account=account,
                clip_id=uuid.uuid4().hex,
            )  # fmt: skip
            for kind in ClipFile.Kind.values:
                ClipFile.objects.create(clip=clip, kind=kind, state=(index % 2 and "stored") or "wanted")
        for to in states if count == 1 else [states[index]]:
            job = Job.objects.create(
                team=studio.team, asked_by=mate, token=token, subscription=subscription, account=account,
                ran_on=account, state=to, params={"prompt": "x"}, finished_at=now, accepted_at=now,
                unknown_since=now, sent_at=now, created_at=now - timedelta(seconds=index),
                song=song if to == "completed" else None, batch_size=2,
            )  # fmt: skip
            JobEvent.objects.create(job=job, at=now, state=to, text="x", by=mate)


def own_subscription(studio: Studio) -> None:
    """A further token of the person's own, with an account under it."""
    subscription = Subscription.objects.create(
        provider="flowmusic", endpoint=studio.subscription.endpoint, number=str(uuid.uuid4().int)[:30]
    )
    token = ApiToken(team=studio.team, owner=studio.user, subscription=subscription)
    token.set_token(Token("user:1000-sandboxdemo"))
    token.save()
    FlowAccount.objects.create(subscription=subscription, email="own@sandbox.example", credits=100)


def kind_of(sql: str) -> str:
    """What is asked of which table; values and columns differ."""
    tables = re.findall(r"(?:FROM|INTO|UPDATE) (\S+)", sql)
    return f"{sql.split()[0]} {' '.join(tables[:2])}"


PAGES: dict[str, Callable[[], str]] = {
    "panel": lambda: "/jobs/panel/",
    "jobs": lambda: "/jobs/",
    "jobs in the queue": lambda: "/jobs/?state=queued&who=mine",
    "jobs done": lambda: "/jobs/?state=done",
    "one job": lambda: f"/jobs/{Job.objects.filter(state='completed').first().pk}/",
    "asking back": lambda: f"/jobs/{Job.objects.filter(state='unknown').first().pk}/retry/",
    "create": lambda: "/create/",
    "library": lambda: "/library/",
    "clip": lambda: f"/library/clips/{Clip.objects.earliest('created_at').pk}/",
    "tokens": lambda: "/settings/tokens/",
    "accounts": lambda: "/flow-accounts/",
}


@pytest.mark.parametrize("address", PAGES.values(), ids=PAGES)
def test_a_page_costs_as_many_queries_with_thirty_rows_as_with_one(
    studio: Studio, address: Callable[[], str]
) -> None:
    client = signed_in(studio)
    grow(studio, 1)
    with queries() as few:
        assert client.get(address()).status_code == 200
    grow(studio, 29)
    PanelVersion.bump(studio.team.pk)
    with queries() as many:
        assert client.get(address()).status_code == 200
    assert sorted(map(kind_of, many)) == sorted(map(kind_of, few))


def test_more_jobs_than_there_is_room_for_are_counted_and_linked(studio: Studio) -> None:
    for _ in range(5):
        studio.ask("a drone", count=20)
    live = panel.read(Membership.objects.get(user=studio.user))
    assert live.unseen == 100 - panel.MOST_CARDS
    assert live.credits["reserved"] == 500
    browser = Client()
    browser.force_login(studio.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "20 more queued" in browser.get("/jobs/panel/").content.decode()
