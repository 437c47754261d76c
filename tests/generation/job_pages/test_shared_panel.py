"""One rendering of the panel for all of a role: what it costs, and that nobody's own things are in it."""

import re
import threading
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.utils import timezone

from apps.accounts.models import ApiToken, FlowAccount, Membership, Role, Team, User
from apps.generation.job_pages import panel, person_panel, shared_panel
from apps.generation.models import Job, PanelVersion
from tests.generation.conftest import Studio, member, with_token
from tests.generation.job_pages.test_panel import queries
from tests.generation.job_pages.test_views import put
from tests.generation.pages import BACKEND
from tests.page import Page

pytestmark = pytest.mark.django_db
ROLES = list(Role)


@pytest.fixture(autouse=True)
def nothing_is_kept() -> Iterator[None]:
    shared_panel._memory.clear()
    cache.clear()
    yield
    shared_panel._memory.clear()


def read(user: User, address: str = "/jobs/panel/") -> Page:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return Page(client.get(address))


def body(user: User, address: str = "/jobs/panel/") -> str:
    """Without the mark of whose panel it is, which only its own page reads."""
    client = Client()
    client.force_login(user, backend=BACKEND)
    return re.sub(r'data-version="[^"]*"', "", client.get(address).content.decode())


def one_of_each(studio: Studio) -> list[Job]:
    """Asked for by the owner of the studio: queued, running, failed, unknown, done."""
    jobs = [studio.ask(f"prompt number {number}")[0] for number in range(5)]
    for job, state in zip(jobs, ("queued", "running", "failed", "unknown", "cancelled"), strict=True):
        put(job, state)
    Job.objects.filter(state="cancelled").update(finished_at=timezone.now())
    return jobs


def pair(studio: Studio, role: Role) -> list[User]:
    return [member(studio.team, f"{role}{number}@nightbus.example", role) for number in (1, 2)]


@pytest.mark.parametrize("role", ROLES)
def test_two_people_of_one_role_get_the_same_to_the_byte(studio: Studio, role: Role) -> None:
    one_of_each(studio)
    first, second = pair(studio, role)
    assert body(first) == body(second)
    for each in (first, second):
        assert each.email not in body(second)


@pytest.mark.parametrize("role", ROLES)
def test_what_is_kept_is_the_same_whoever_of_the_role_asks_first(studio: Studio, role: Role) -> None:
    one_of_each(studio)
    kept = []
    for each in pair(studio, role):
        membership = Membership.objects.get(user=each)
        shared_panel._memory.clear()
        cache.clear()
        kept.append(shared_panel.of_role(membership, PanelVersion.of(studio.team)))
        assert each.email not in str(kept)
    first, second = ([re.sub(r"\d+:\d\d", "", str(each)) for each in entry["pieces"]] for entry in kept)
    assert first == second


@pytest.mark.parametrize("role", ROLES)
def test_each_sees_the_buttons_of_their_role_whoever_looked_before(studio: Studio, role: Role) -> None:
    """The figures of the page of one job, which nobody shares, say what is right."""
    jobs = one_of_each(studio)
    for other in ROLES:
        for each in pair(studio, other):
            read(each)
    looker = member(studio.team, "looker@nightbus.example", role)
    for job in jobs:
        shown = read(looker).one("article", data_job=str(job.pk))
        alone = read(looker, f"/jobs/{job.pk}/").one("article", data_job=str(job.pk))
        assert buttons(shown) == buttons(alone)


def buttons(card: Page) -> list[str]:
    found = card.all("div", class_="job-actions")
    return [each.text.strip() for part in found for each in [*part.all("a"), *part.all("button")]]


def test_the_asker_sees_what_is_theirs_and_a_teammate_does_not(studio: Studio) -> None:
    mate = with_token(studio.sandbox, studio.team, member(studio.team, "jonas@nightbus.example"))
    (job,) = mate.ask("theirs")
    other = member(studio.team, "ada@nightbus.example")
    assert "Pause" in buttons(read(mate.user).one("article", data_job=str(job.pk)))
    assert buttons(read(other).one("article", data_job=str(job.pk))) == []
    assert "Pause" in buttons(read(studio.user).one("article", data_job=str(job.pk))), "the owner may decide"


def test_a_role_that_changes_changes_the_panel_at_once(studio: Studio) -> None:
    (job,) = studio.ask()
    mate = member(studio.team, "jonas@nightbus.example", Role.ADMIN)
    before = read(mate).one("aside", id="panel")["data-version"]
    assert buttons(read(mate).one("article", data_job=str(job.pk)))
    Membership.objects.filter(user=mate).update(role=Role.VIEWER)
    after = read(mate, f"/jobs/panel/?v={before}")
    assert after.status == 200
    assert buttons(after.one("article", data_job=str(job.pk))) == []


def test_another_team_at_the_same_version_gets_its_own(studio: Studio) -> None:
    studio.ask("their secret words")
    home = Team.objects.create(name="Elsewhere")
    eve = member(home, "eve@elsewhere.example", Role.OWNER)
    PanelVersion.objects.create(team=home, version=PanelVersion.of(studio.team))
    assert "secret words" in body(studio.user)
    for known in ("", str(read(studio.user).one("aside", id="panel")["data-version"])):
        assert "secret words" not in body(eve, f"/jobs/panel/?v={known}")


def test_no_token_is_in_what_is_shared_and_the_readers_own_is_on_their_page(studio: Studio) -> None:
    studio.ask()
    assert "csrfmiddlewaretoken" not in body(studio.user)
    for address in ("/create/", "/jobs/"):
        page = read(studio.user, address)
        tokens = {each["value"] for each in page.all("input", name="csrfmiddlewaretoken")}
        assert shared_panel.CSRF not in tokens
        form = next(each for each in page.all("form") if (each["action"] or "").endswith("/pause/"))
        assert form.one("input", name="csrfmiddlewaretoken")["value"]


def test_a_button_of_the_panel_works_with_the_pages_token_in_a_header(studio: Studio) -> None:
    (job,) = studio.ask()
    client = Client(enforce_csrf_checks=True)
    client.force_login(studio.user, backend=BACKEND)
    token = str(Page(client.get("/library/")).all("input", name="csrfmiddlewaretoken")[0]["value"])
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/library/"}
    assert client.post(f"/jobs/{job.pk}/pause/", headers=headers).status_code == 403
    assert client.post(f"/jobs/{job.pk}/pause/", headers=headers | {"X-CSRFToken": token}).status_code == 200


def test_a_page_from_before_signing_in_again_is_told_the_new_token(studio: Studio) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(studio.user, backend=BACKEND)
    answer = client.get("/jobs/panel/?renew=1", headers={"HX-Request": "true"})
    token = re.search(r'{"signed-in": "(\w+)"}', answer.headers["HX-Trigger"])
    assert token
    (job,) = studio.ask()
    assert client.post(f"/jobs/{job.pk}/pause/", headers={"X-CSRFToken": token[1]}).status_code == 302
    assert "HX-Trigger" not in client.get("/jobs/panel/").headers


# What it costs.


def test_the_second_watcher_costs_one_look_into_the_cache(studio: Studio) -> None:
    one_of_each(studio)
    first, second = pair(studio, Role.MEMBER)
    with queries() as asked:
        body(first)
    client = Client()
    client.force_login(second, backend=BACKEND)
    with queries() as more:
        assert client.get("/jobs/panel/").status_code == 200
    assert len(asked) > 10
    assert len(more) == 3, more


def test_another_process_takes_it_from_the_cache(studio: Studio) -> None:
    one_of_each(studio)
    first, second = pair(studio, Role.MEMBER)
    before = body(first)
    shared_panel._memory.clear()  # as another process begins
    client = Client()
    client.force_login(second, backend=BACKEND)
    with queries() as more:
        answer = client.get("/jobs/panel/").content.decode()
    assert len(more) == 3, more
    assert re.sub(r'data-version="[^"]*"', "", answer) == before


def test_what_is_kept_too_long_is_rendered_anew(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    (job,) = studio.ask()
    body(studio.user)
    Job.objects.filter(pk=job.pk).update(state="failed", finished_at=timezone.now())
    assert read(studio.user).one("article", data_job=str(job.pk))["data-state"] == "queued"
    monkeypatch.setattr(shared_panel, "FRESH_S", 0)
    assert read(studio.user).one("article", data_job=str(job.pk))["data-state"] == "failed"


def test_what_is_kept_by_somebody_who_is_elsewhere_has_times_of_their_zone(studio: Studio) -> None:
    studio.ask()
    clocks = []
    for zone in ("UTC", "Asia/Tokyo"):
        client = Client()
        client.force_login(studio.user, backend=BACKEND)
        client.cookies["zone"] = zone
        shown = Page(client.get("/jobs/panel/")).one("span", class_="job-time").one("time")
        clocks.append(str(shown["datetime"])[-6:])
    assert clocks == ["+00:00", "+09:00"]


@pytest.mark.django_db(transaction=True)
def test_many_at_once_are_one_rendering(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    one_of_each(studio)
    rendered, real = [], panel.read
    monkeypatch.setattr(panel, "read", lambda membership: rendered.append(1) or real(membership))
    membership = Membership.objects.get(user=studio.user)
    answers: list[str] = []

    def watch() -> None:
        answers.append(str(person_panel.of(membership).groups))
        connections.close_all()

    threads = [threading.Thread(target=watch) for _ in range(12)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert (len(rendered), len(answers), len(set(answers))) == (1, 12, 1)


# Whom a card concerns.


def groups(user: User) -> dict[str, list[str]]:
    page = read(user)
    return {
        str(each["data-group"]): [str(card["data-job"]) for card in each.all("article")]
        for each in page.all("section")
    }


@pytest.mark.parametrize("state", ["failed", "unknown"])
def test_what_went_wrong_needs_the_one_who_asked_and_nobody_else(studio: Studio, state: str) -> None:
    mate = with_token(studio.sandbox, studio.team, member(studio.team, "jonas@nightbus.example"))
    job = str(put(mate.ask()[0], state).pk)
    assert groups(mate.user) == {"needs": [job]}
    assert groups(studio.user) == {"done": [job]}, "the owner isn't flooded"
    assert read(mate.user).one("aside", id="panel")["data-needs"] == "1"
    assert read(studio.user).one("aside", id="panel")["data-needs"] == "0"


def test_what_a_token_holds_up_needs_its_owner_too(studio: Studio) -> None:
    mate = with_token(studio.sandbox, studio.team, member(studio.team, "jonas@nightbus.example"))
    (job,) = mate.ask()
    Job.objects.filter(pk=job.pk).update(token=studio.token)
    ApiToken.objects.filter(pk=studio.token.pk).update(refused_at=timezone.now())
    PanelVersion.bump(studio.team.pk)
    for each in (mate.user, studio.user):
        assert groups(each) == {"needs": [str(job.pk)]}
    assert groups(member(studio.team, "ada@nightbus.example", Role.ADMIN)) == {"queued": [str(job.pk)]}


@pytest.mark.parametrize("asker", [None, Role.VIEWER])
def test_what_nobody_minds_any_more_needs_owners_and_admins(studio: Studio, asker: Role | None) -> None:
    (job,) = studio.ask()
    left = member(studio.team, "gone@nightbus.example", asker or Role.MEMBER)
    Job.objects.filter(pk=job.pk).update(asked_by=left if asker else None)
    put(job, "failed")
    assert groups(studio.user) == {"needs": [str(job.pk)]}
    assert groups(member(studio.team, "ada@nightbus.example")) == {"done": [str(job.pk)]}


def test_many_slots_are_a_figure(studio: Studio) -> None:
    FlowAccount.objects.filter(email__startswith="studio").update(max_jobs=12)
    studio.ask()
    (slot,) = [each for each in read(studio.user).all("div", class_="slot") if "studio@" in each.text]
    assert "0 of 12" in slot.text
    assert slot.all("span", class_="slot-dots") == []


def test_without_accounts_there_is_no_box_for_slots(studio: Studio) -> None:
    ApiToken.objects.all().delete()
    assert read(studio.user).all("div", class_="slots") == []
