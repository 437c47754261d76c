"""The pages of sweeps: the form, what is seen before anything is paid, and what a person decides."""

import uuid
from collections.abc import Mapping
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from apps.accounts.models import Role, Team
from apps.generation.models import Job, State, Sweep
from apps.library.curation import ratings
from apps.library.models import Clip
from tests.generation.conftest import Studio, member, with_token
from tests.generation.pages import BACKEND, signed_in
from tests.generation.sweeps.test_runner import draft, make, started, step
from tests.page import Page

pytestmark = pytest.mark.django_db


def send(studio: Studio, **form: Any) -> HttpResponse:
    filled: Mapping[str, Any] = {
        "prompt": ["slow disco", "", "a waltz"],
        "lyrics": ["[Verse]\nKettle"],
        "none": "1",
        "ghostwriter": ["", "pro"],
        "count": "1",
        "cap": "20",
        "favourites": "",
        "nonce": str(uuid.uuid4()),
    } | form
    return signed_in(studio).post("/create/sweeps/", filled)


def page(studio: Studio, sweep: Sweep) -> Page:
    return Page(signed_in(studio).get(f"/create/sweeps/{sweep.pk}/"))


def test_what_it_is_and_costs_is_seen_before_anything_is_sent(studio: Studio) -> None:
    response = send(studio)
    sweep = Sweep.objects.get()
    assert response.headers["Location"] == f"/create/sweeps/{sweep.pk}/"
    shown = page(studio, sweep)
    assert "6 combinations, 1 song of each: 6 songs, of which 4 fit" in shown.text
    assert (len(shown.all("tr")), len(shown.all("td"))) == (3, 6)
    (button,) = (each for each in shown.all("button") if "data-pay" in each.attributes)
    assert "up to 4 songs" in button.text
    assert "20 credits" in button.text
    assert not Job.objects.exists()
    as_of = shown.one("input", name_="as_of")["value"]
    browser = signed_in(studio)
    for _ in range(2):  # a double click
        assert browser.post(f"/create/sweeps/{sweep.pk}/start/", {"as_of": as_of}).status_code == 302
    assert len(step(sweep)) == 3


def test_what_was_changed_after_it_was_looked_at_is_not_started(studio: Studio) -> None:
    send(studio)
    sweep = Sweep.objects.get()
    as_of = sweep.changed_at.isoformat()
    assert send(studio, nonce=str(sweep.pk), cap="900").status_code == 302
    answer = signed_in(studio).post(f"/create/sweeps/{sweep.pk}/start/", {"as_of": as_of})
    assert answer.status_code == 422
    assert "check it once more" in Page(answer).text
    sweep.refresh_from_db()
    assert (sweep.phase, sweep.cap, Sweep.objects.count()) == ("draft", 900, 1)
    filled = Page(signed_in(studio).get(f"/create/sweeps/?from={sweep.pk}"))
    assert [each.text for each in filled.all("textarea", name_="prompt")] == ["slow disco", "a waltz"]
    assert filled.one("input", name_="nonce")["value"] == str(sweep.pk)


def test_a_teammates_draft_is_not_changed_but_done_like_it(studio: Studio) -> None:
    send(studio)
    sweep = Sweep.objects.get()
    assert "Edit" in page(studio, sweep).text
    teammate = member(studio.team, "jonas@nightbus.example")
    jonas = signed_in(with_token(studio.sandbox, studio.team, teammate))
    assert "Create variations like these" in Page(jonas.get(f"/create/sweeps/{sweep.pk}/")).text
    filled = Page(jonas.get(f"/create/sweeps/?from={sweep.pk}"))
    assert [each.text for each in filled.all("textarea", name_="prompt")] == ["slow disco", "a waltz"]
    assert filled.one("input", name_="nonce")["value"] != str(sweep.pk)


def test_another_row_comes_without_a_script_and_without_losing_anything(studio: Studio) -> None:
    answer = Page(send(studio, add="prompt", cap="seven"))
    assert answer.status == 200
    assert [each.text for each in answer.all("textarea", name_="prompt")] == ["slow disco", "", "a waltz", ""]
    assert answer.one("input", name_="cap")["value"] == "seven"
    assert not Sweep.objects.exists()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"prompt": ["", " "]}, "Say how it should sound"),
        ({"prompt": ["x" * 10_001]}, "up to 10,000"),
        ({"prompt": [str(number) for number in range(9)]}, "Up to 8"),
        ({"lyrics": ["y" * 10_001]}, "up to 10,000"),
        ({"ghostwriter": ["best"]}, "Choose among these"),
        ({"model": ["lyria-99"]}, "Choose among these"),
        ({"count": "5"}, "From 1 to 4"),
        ({"cap": ""}, "how many credits"),
        ({"cap": "0"}, "how many credits"),
        ({"favourites": "0"}, "From 1 to 99"),
        ({"email": "nobody@elsewhere.example"}, "under none of your API tokens"),
        ({"prompt": list("abcdefgh"), "lyrics": list("abcdefg"), "count": "4"}, "up to 200"),
    ],
)
def test_what_is_wrong_is_said(studio: Studio, form: dict[str, Any], said: str) -> None:
    answer = Page(send(studio, **form))
    assert answer.status == 422
    assert said in answer.text
    assert not Sweep.objects.exists()


@pytest.mark.long
def test_the_matrix_shows_takes_and_favourites(studio: Studio) -> None:
    sweep = started(studio, favourites=3)
    first, *_ = step(sweep)
    Job.objects.exclude(pk=first.pk).update(paused=True)
    make(studio)
    studio.save_files(first)
    ratings.mark_favourite(Clip.objects.filter(song__job=first).first(), studio.user, on=True)  # type: ignore[arg-type]
    step(sweep)
    shown = page(studio, sweep)
    assert len(shown.all("div", class_="cell-take")) == 2
    assert len(shown.one("table").all("a", data_letter="A")) == 1
    assert [each.text.strip() for each in shown.all("span", class_="favourite-sign")] == ["favourite"]
    assert "paused" in shown.text
    assert "not sent yet" not in shown.text  # the fourth has the place that became free
    signed_in(studio).post(f"/create/sweeps/{sweep.pk}/stop/")
    assert "Resume…" in page(studio, sweep).text
    for limits in ({"cap": "-1"}, {"cap": "500", "favourites": "1"}):  # one is there already
        assert signed_in(studio).post(f"/create/sweeps/{sweep.pk}/resume/", limits).status_code == 422
    signed_in(studio).post(f"/create/sweeps/{sweep.pk}/resume/", {"cap": "500", "favourites": "2"})
    sweep.refresh_from_db()
    assert (sweep.phase, sweep.cap, sweep.favourites_wanted) == ("running", 500, 2)
    assert not Job.objects.filter(state=State.QUEUED, paused=True).exists()


def test_a_form_that_was_open_during_an_update_keeps_its_limit(studio: Studio) -> None:
    """It says "keepers", and would be spent up to the cap without it."""
    signed_in(studio).post(
        "/create/sweeps/",
        {"prompt": "slow disco", "count": "4", "cap": "20", "keepers": "3", "nonce": str(uuid.uuid4())},
    )
    sweep = Sweep.objects.get()
    assert sweep.favourites_wanted == 3
    Sweep.objects.update(phase=Sweep.Phase.STOPPED)
    signed_in(studio).post(f"/create/sweeps/{sweep.pk}/go-on/", {"cap": "20", "keepers": "2"}, follow=True)
    sweep.refresh_from_db()
    assert (sweep.phase, sweep.favourites_wanted) == ("running", 2)


def test_who_may_see_start_and_stop(studio: Studio) -> None:
    sweep = draft(studio)
    strange = signed_in(studio).post(f"/create/sweeps/{sweep.pk}/start/", {"as_of": "2026-02-31T12:00:00Z"})
    assert strange.status_code == 422
    people = {
        "admin": (member(studio.team, "ada@nightbus.example", Role.ADMIN), 200, 403, 302),
        "teammate": (member(studio.team, "jonas@nightbus.example"), 200, 403, 403),
        "viewer": (member(studio.team, "vera@nightbus.example", Role.VIEWER), 200, 403, 403),
        "stranger": (member(Team.objects.create(name="Elsewhere"), "eve@elsewhere.example"), 404, 404, 404),
    }
    for name, (user, seen, start, stop) in people.items():
        browser = Client()
        browser.force_login(user, backend=BACKEND)
        assert browser.get(f"/create/sweeps/{sweep.pk}/").status_code == seen, name
        as_of = {"as_of": sweep.changed_at.isoformat()}
        assert browser.post(f"/create/sweeps/{sweep.pk}/start/", as_of).status_code == start, name
        raised = browser.post(f"/create/sweeps/{sweep.pk}/resume/", {"cap": "900"})
        assert raised.status_code == start, f"{name} would spend somebody else's credits"
        assert browser.post(f"/create/sweeps/{sweep.pk}/stop/").status_code == stop, name
        assert browser.get(f"/create/sweeps/?from={sweep.pk}").status_code in {200, seen}, name
        assert bool(Page(browser.get("/create/sweeps/")).all(data_sweep=str(sweep.pk))) is (seen == 200), name
    sweep.refresh_from_db()
    assert sweep.phase == "draft"
