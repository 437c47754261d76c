"""The song form: what it takes, what it says beside which field, what it keeps, and what is sent of it."""

import uuid

import pytest

from apps.accounts.models import FlowAccount, Role, Team
from apps.generation.models import Job
from tests.generation.conftest import Studio, member, with_token
from tests.generation.pages import LYRICS, refused, requested, send, signed_in
from tests.page import Page

pytestmark = pytest.mark.django_db


# What is wrong is said beside its field.


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("prompt", "", "Say how it should sound"),
        ("prompt", " \r\n ", "Say how it should sound"),
        ("prompt", "x" * 10_001, "That is 10001 characters; Flow Music takes up to 10,000."),
        ("lyrics", "x" * 10_001, "That is 10001 characters; Flow Music takes up to 10,000."),
        ("count", "0", "Create at least 1 song."),
        ("count", "-3", "Create at least 1 song."),
        ("count", "21", "Up to 20 songs at a time."),
        ("count", "9" * 5000, "Say how many songs, from 1 to 20."),
        ("count", "abc", "Say how many songs, from 1 to 20."),
        ("count", "1.5", "Say how many songs, from 1 to 20."),
        ("count", "", "Say how many songs, from 1 to 20."),
        ("email", "who@elsewhere.example", "This account is under none of your API tokens"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(studio: Studio, field: str, typed: str, words: str) -> None:
    page = refused(studio, **{field: typed})
    assert words in page.wrong(field)
    assert page.wrongs == [field]
    assert "Nothing was sent yet" in page.notice


@pytest.mark.parametrize("field", ["words", "ghostwriter", "model"])
def test_a_choice_that_is_none_is_told(studio: Studio, field: str) -> None:
    page = refused(studio, **{field: "lyria-9"})
    assert page.one(id_=f"id_{field}_error").text.strip() == "Choose one of these."


def test_a_token_of_somebody_else_is_told(studio: Studio) -> None:
    stranger = with_token(
        studio.sandbox, Team.objects.create(name="Elsewhere"), member(studio.team, "eve@x.example")
    )
    page = refused(studio, token=str(stranger.token.pk))
    assert "This API token is gone." in page.one(id_="id_token_error").text


def test_everything_typed_is_kept_in_the_page(studio: Studio) -> None:
    typed = {
        "prompt": '  slow <disco> & "brushed" snare\n\n96 bpm',
        "lyrics": LYRICS,
        "words": "ghostwriter",
        "ghostwriter": "pro",
        "model": "lyria-3.5",
        "email": studio.account("studio").email,
        "count": "77",
        "nonce": str(uuid.uuid4()),
    }
    page = refused(studio, **typed)
    assert {name: page.value(name) for name in typed} == typed


@pytest.mark.parametrize("text", ["x" * 10_000, "x" * 4999 + "\r\n" + "x" * 5000, "é" * 10_000])
@pytest.mark.parametrize("field", ["prompt", "lyrics"])
def test_ten_thousand_characters_are_taken_a_line_break_is_one(studio: Studio, field: str, text: str) -> None:
    (job,) = requested(studio, **{field: text})
    assert len(job.params[field]) == 10_000
    assert "\r" not in job.params[field]


def test_one_line_break_too_many_is_counted_as_the_page_counts(studio: Studio) -> None:
    assert "10001" in refused(studio, prompt="x" * 5000 + "\r\n" + "x" * 5000).wrong("prompt")


# Accounts and tokens.


def test_an_account_of_another_token_is_told_beside_it(studio: Studio) -> None:
    other = with_token(studio.sandbox, studio.team, studio.user, "user:2000-sandboxempty").token
    account = FlowAccount.objects.create(subscription=other.subscription, email="second@sandbox.example")
    page = refused(studio, email=account.email, token=str(studio.token.pk))
    assert "not under the token that pays" in page.wrong("email")
    assert page.value("email") == account.email
    assert requested(studio, email=account.email, token=str(other.pk))[0].account == account


def test_the_chosen_token_pays(studio: Studio) -> None:
    other = with_token(studio.sandbox, studio.team, studio.user, "user:2000-sandboxdemo").token
    (job,) = requested(studio, token=str(other.pk))
    assert (job.token, job.subscription_id) == (other, other.subscription_id)


def test_an_account_that_is_gone_is_not_offered(studio: Studio) -> None:
    FlowAccount.objects.filter(email__startswith="studio").update(block="gone")
    page = Page(signed_in(studio).get("/create/"))
    offered = [each["value"] for each in page.one("select", name="email").all("option")]
    assert offered[0] == ""
    assert "studio@sandbox.example" not in offered


# After sending.


def test_the_form_stays_as_it_was_sent(studio: Studio) -> None:
    """Without scripts: the page once more, with what was sent, the way to it, and a nonce of its own."""
    typed = {"prompt": "slow disco", "lyrics": LYRICS, "model": "lyria-3.5", "count": "3", "email": ""}
    answer = send(studio, **typed)
    page = Page(signed_in(studio).get(answer.headers["Location"]))
    assert {name: page.value(name) for name in typed} == typed
    job = Job.objects.get(batch_index=0)
    said = page.one("p", id="sent")
    assert said.text.split() == ["3", "songs", "queued.", "See", "the", "jobs"]
    assert said.one("a")["href"] == f"/jobs/?request={job.nonce}"
    assert page.value("nonce") != str(job.nonce)
    assert "Create 3 songs again" in page.text
    again = send(studio, **typed, nonce=page.value("nonce"))
    assert (again.status_code, Job.objects.count()) == (302, 6)


def test_a_script_gets_what_changes_around_the_form(studio: Studio) -> None:
    """A fresh nonce, balances, the way to the job; no field that somebody writes in. Sent again, it asks for more."""
    nonce, client = str(uuid.uuid4()), signed_in(studio)
    form = {"prompt": "slow disco", "words": "own", "count": "1", "nonce": nonce}
    for _ in range(2):  # a double click
        answer = client.post("/create/", form, headers={"HX-Request": "true", "HX-Boosted": "true"})
        page = Page(answer)
        assert (answer.status_code, answer["HX-Retarget"], answer["HX-Push-Url"]) == (200, "#sent", "false")
        assert "form:taken" in answer["HX-Trigger-After-Settle"]
        assert page.all("textarea") == []
        assert page.one("a")["href"] == f"/jobs/{Job.objects.get().pk}/"
        assert page.one("div", id="balances")["data-free"]
    client.post("/create/", form | {"nonce": page.value("nonce")}, headers={"HX-Request": "true"})
    assert Job.objects.count() == 2


def test_only_who_sent_it_comes_back_to_it(studio: Studio) -> None:
    (job,) = studio.ask()
    mate = with_token(studio.sandbox, studio.team, member(studio.team, "jonas@nightbus.example"))
    assert signed_in(mate).get(f"/create/?sent={job.pk}").status_code == 404
    assert signed_in(studio).get(f"/create/?sent={job.pk}").status_code == 200


# The page itself.


def test_a_fresh_page_has_its_own_nonce_and_one_song(studio: Studio) -> None:
    first, second = (Page(signed_in(studio).get("/create/")) for _ in range(2))
    assert first.value("nonce") != second.value("nonce")
    assert uuid.UUID(first.value("nonce"))
    assert (first.value("count"), first.value("words"), first.value("email")) == ("1", "own", "")
    form = first.one("form", id_="song")
    assert (form["method"], form["action"]) == ("post", "/create/")
    # Enter presses the first button of the form on the page: it must not be that of a menu.
    by_key, of_menu, pay = first.all("button", form="song")
    assert ("data-pay-by-key" in by_key.attributes, by_key["formaction"]) == (True, None)
    assert ("data-pay" in pay.attributes, pay["formaction"]) == (True, None)
    assert of_menu["formaction"] == "/create/presets/save/"


@pytest.mark.parametrize(
    ("params", "shown"),
    [
        ({"prompt": "p <b>", "lyrics": LYRICS}, {"words": "own", "lyrics": LYRICS, "prompt": "p <b>"}),
        ({"prompt": "p", "ghostwriter": "pro"}, {"words": "ghostwriter", "ghostwriter": "pro"}),
        (
            {"prompt": "p", "instrumental": True, "model": "lyria-3.5"},
            {"words": "instrumental", "model": "lyria-3.5"},
        ),
    ],
)
def test_a_page_can_start_from_an_earlier_request(
    studio: Studio, params: dict[str, object], shown: dict[str, str]
) -> None:
    (job,) = studio.ask()
    Job.objects.filter(pk=job.pk).update(params=params)
    page = Page(signed_in(studio).get(f"/create/?from={job.pk}"))
    assert {name: page.value(name) for name in shown} == shown


def test_a_page_does_not_start_from_a_strangers_request(studio: Studio) -> None:
    other = with_token(
        studio.sandbox, (home := Team.objects.create(name="Elsewhere")), member(home, "eve@elsewhere.example")
    )
    (theirs,) = other.ask("their secret words")
    client = signed_in(studio)
    for start in (theirs.pk, uuid.uuid4(), "nonsense", ""):
        assert client.get(f"/create/?from={start}").status_code == 404, start


def test_a_viewer_may_neither_open_nor_send_it(studio: Studio) -> None:
    viewer = Studio(
        studio.sandbox, studio.team, member(studio.team, "priya@nightbus.example", Role.VIEWER), studio.token
    )
    assert signed_in(viewer).get("/create/").status_code == 403
    assert send(viewer).status_code == 403
    assert not Job.objects.exists()


def test_who_can_not_pay_lands_where_there_is_something_to_hear(studio: Studio) -> None:
    newcomer = Studio(studio.sandbox, studio.team, member(studio.team, "new@nightbus.example"), studio.token)
    client = signed_in(newcomer)
    assert client.get("/").headers["Location"] == "/settings/tokens/"
    studio.take()
    assert client.get("/").headers["Location"] == "/library/"
    said = [
        each.text for each in Page(client.get("/library/")).all("div") if "token of your own" in each.text
    ]
    assert said
    assert "token of your own" not in Page(signed_in(studio).get("/library/")).text
    assert signed_in(studio).get("/").headers["Location"] == "/create/"


def test_without_a_token_the_way_leads_to_one(studio: Studio) -> None:
    newcomer = Studio(studio.sandbox, studio.team, member(studio.team, "new@nightbus.example"), studio.token)
    assert signed_in(newcomer).get("/create/").headers["Location"] == "/settings/tokens/"
    page = refused(newcomer, prompt="typed before the token was removed")
    assert page.value("prompt") == "typed before the token was removed"
    assert "Add an API token first" in page.one(id_="id_token_error").text
    assert "/settings/tokens/" in [each["href"] for each in page.one("main").all("a")]
