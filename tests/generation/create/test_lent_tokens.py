"""What somebody without a token of their own can create with one that is lent to them, and what the pages say of it."""

import uuid
from collections.abc import Callable

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import ApiToken, Lending, Membership, Role, Team, User
from apps.accounts.models.lending import OPERATIONS, Terms
from apps.generation.models import Job, State, Sweep
from apps.generation.sweeps import runner
from apps.library.models import Song
from tests.generation.conftest import Studio, member, with_token
from tests.generation.edits import edit_forms
from tests.generation.pages import BACKEND
from tests.generation.references.file_uploads import by_script
from tests.page import Page

pytestmark = [pytest.mark.databases, pytest.mark.django_db(transaction=True)]

SAYS = "mara’s token pays, 200 of 200 credits left this month"


@pytest.fixture
def jonas(studio: Studio) -> User:
    found = member(studio.team, "jonas@nightbus.example")
    lend(studio.token)
    return found


def lend(token: ApiToken, *operations: str, cap: int = 200) -> None:
    terms = Terms(monthly_cap=cap, operations=operations or tuple(OPERATIONS))
    Lending.lend(token, terms, by=token.owner)


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def song(client: Client, **form: object) -> HttpResponse:
    filled = {"prompt": "slow disco", "words": "own", "count": "1", "nonce": str(uuid.uuid4())} | form
    return client.post("/create/", filled)


def test_a_song_is_paid_by_the_lent_token_and_the_form_says_so_before(studio: Studio, jonas: User) -> None:
    client = browser(jonas)
    assert client.get("/").headers["Location"] == "/create/"
    shown = client.get("/create/")
    assert SAYS in Page(shown).text
    assert studio.token.last4 not in shown.content.decode()
    assert [each["value"] for each in Page(shown).one("select", id_="id_email").all("option")] == [
        "",
        "night+bus@sandbox.example",
        "studio@sandbox.example",
    ]
    assert song(client, count="2").status_code == 302
    assert {(job.token, job.asked_by, job.paid_by) for job in Job.objects.all()} == {
        (studio.token, jonas, studio.user)
    }
    assert "mara’s token pays, 190 of 200 credits left this month" in Page(client.get("/create/")).text
    assert "mara’s token: 190 of 200 credits left this month" in Page(client.get("/library/")).text


def test_of_several_the_own_one_goes_first_and_another_can_be_chosen(studio: Studio, jonas: User) -> None:
    own = with_token(studio.sandbox, studio.team, jonas, "user:1000-sandboxjonas").token
    client = browser(jonas)
    options = Page(client.get("/create/")).one("select", id_="id_token").all("option")
    assert [each.text.strip() for each in options] == [
        "Flow Music by useapi.net, sandbox, …onas",
        "mara’s token, sandbox, 200 of 200 credits left this month",
    ]
    song(client)
    song(client, token=str(studio.token.pk))
    assert [job.token for job in Job.objects.order_by("created_at")] == [own, studio.token]


@pytest.mark.parametrize(
    "change",
    [
        lambda token: lend(token, "lyrics", "image"),
        lambda token: Lending.objects.get(token=token).stop(by=token.owner),
        lambda token: token.refuse(at=token.added_at, reason=""),
        lambda token: Membership.objects.filter(user=token.owner).update(role=Role.VIEWER),
    ],
)
def test_what_is_not_lent_for_songs_any_more_creates_none(
    studio: Studio, jonas: User, change: Callable[[ApiToken], object]
) -> None:
    """What was typed is kept."""
    change(studio.token)
    client = browser(jonas)
    for token in ("", str(studio.token.pk)):
        answer = song(client, token=token)
        assert answer.status_code == 422
        assert "slow disco" in Page(answer).one("textarea", name_="prompt").text
    assert client.get("/").headers["Location"] == "/settings/tokens/"
    assert not Job.objects.exists()


def test_each_way_to_ask_looks_for_its_own_operation(studio: Studio, jonas: User) -> None:
    lend(studio.token, "lyrics", "image")
    client, nonce = browser(jonas), lambda: str(uuid.uuid4())
    assert SAYS in Page(client.get("/create/lyrics/")).text
    client.post("/create/lyrics/", {"prompt": "a road", "nonce": nonce()})
    client.post("/create/image/", {"prompt": "a ferry", "nonce": nonce()})
    assert set(Job.objects.values_list("operation", "token")) == {
        ("lyrics", studio.token.pk),
        ("image", studio.token.pk),
    }
    assert client.get("/create/").headers["Location"] == "/settings/tokens/"
    assert by_script(client, b"any").json()["ok"] is False
    assert "none that is lent to you" in by_script(client, b"any").json()["words"]


def test_an_edit_is_paid_by_a_lent_token_of_its_takes_account(studio: Studio, jonas: User) -> None:
    take, client = edit_forms.row(studio), browser(jonas)
    address = reverse("clip-edit", args=[take.pk, "cover"])
    assert SAYS in Page(client.get(address)).text
    form = {"instruction": "lo-fi", "nonce": str(uuid.uuid4())}
    assert client.post(address, form).status_code == 302
    job = Job.objects.get()
    assert (job.token, job.asked_by, job.account) == (studio.token, jonas, take.account)
    lend(studio.token, "music")
    answer = client.post(address, form | {"nonce": str(uuid.uuid4())})
    assert (answer.status_code, Job.objects.count()) == (409, 1)
    ada = with_token(
        studio.sandbox, studio.team, member(studio.team, "ada@nightbus.example"), "user:1000-sandboxada"
    )
    lend(studio.token, "cover")
    lend(ada.token, "cover", cap=30)
    assert len(Page(client.get(address)).one("select", id_="id_token").all("option")) == 2
    client.post(address, form | {"nonce": str(uuid.uuid4()), "token": str(ada.token.pk)})
    assert Job.objects.order_by("-created_at")[0].token == ada.token


def test_what_was_to_pay_is_replaced_by_no_other_token_unseen(studio: Studio, jonas: User) -> None:
    """The page names it and sends it along; when it is gone, nothing is spent before the page has named another."""
    ada = with_token(
        studio.sandbox, studio.team, member(studio.team, "ada@nightbus.example"), "user:1000-sandboxada"
    )
    take, covered, client = edit_forms.row(studio), edit_forms.row(studio), browser(jonas)
    Song.objects.filter(takes=covered).update(operation="cover", source=take, params={"instruction": "lo-fi"})
    (job,) = studio.ask()
    Job.objects.update(state=State.FAILED, asked_by=jonas)
    cover, retry = reverse("clip-edit", args=[take.pk, "cover"]), reverse("job-retry", args=[job.pk])
    chain = reverse("clip-chain", args=[covered.pk])
    pages = {cover: cover, retry: retry, f"{chain}?target={take.pk}": chain, "/create/": "/create/"}
    for page, address in pages.items():
        Lending.objects.all().delete()
        lend(studio.token)
        jobs, shown = Job.objects.count(), Page(client.get(page))
        form = {"instruction": "lo-fi", "target": str(take.pk), "nonce": shown.value("nonce")}
        form |= {"prompt": "slow disco", "words": "own", "count": "1"}
        assert shown.value("token") == str(studio.token.pk)
        Lending.objects.all().delete()
        lend(ada.token, cap=30)
        answer = client.post(address, form | {"token": str(studio.token.pk)})
        assert (answer.status_code, Job.objects.count()) == (422, jobs), address
        assert "This API token is gone." in Page(answer).text
        again = Page(answer if address in {cover, "/create/"} else client.get(page))
        assert again.value("token") == str(ada.token.pk)
        assert client.post(address, form | {"token": again.value("token")}).status_code == 302
        assert Job.objects.latest("created_at").token == ada.token


def test_variations_are_asked_for_by_who_filled_them_in(studio: Studio, jonas: User) -> None:
    client = browser(jonas)
    assert SAYS in Page(client.get("/create/sweeps/")).text
    form = {"prompt": ["slow disco", "fast disco"], "count": "1", "cap": "100", "nonce": str(uuid.uuid4())}
    assert client.post("/create/sweeps/", form).status_code == 302
    sweep = Sweep.objects.get()
    assert SAYS in Page(client.get(reverse("sweep", args=[sweep.pk]))).text
    client.post(reverse("sweep-start", args=[sweep.pk]), {"as_of": sweep.changed_at.isoformat()})
    runner.step(str(sweep.pk))
    assert {(job.asked_by, job.token) for job in Job.objects.all()} == {(jonas, studio.token)}
    assert Job.objects.count() == 2


def test_a_token_of_another_team_is_not_lent_here(studio: Studio, jonas: User) -> None:
    """Though both have one of the same subscription, and the lender is in both."""
    other = Team.objects.create(name="Elsewhere")
    Membership.objects.create(team=other, user=studio.user, role=Role.OWNER)
    elsewhere = with_token(studio.sandbox, other, studio.user, "user:1000-sandboxelse")
    lend(elsewhere.token)
    Lending.objects.get(token=studio.token).stop(by=studio.user)
    assert song(browser(jonas), token=str(elsewhere.token.pk)).status_code == 422
    assert "lent" not in Page(browser(jonas).get("/team/")).text


def test_the_team_page_says_whose_token_somebody_pays_with(studio: Studio, jonas: User) -> None:
    shown = " ".join(Page(browser(jonas).get("/team/")).text.split())
    assert "lent token, mara’s" in shown


def test_the_number_of_queries_does_not_grow_with_tokens(studio: Studio, jonas: User) -> None:
    client = browser(jonas)
    pages = ("/create/", "/settings/tokens/", "/team/", "/library/", "/jobs/")
    few = [queries(client, page) for page in pages]
    for number in range(4):
        person = member(studio.team, f"lender{number}@nightbus.example")
        token = with_token(studio.sandbox, studio.team, person, f"user:100{number}-sandboxlender").token
        lend(token)
    assert [queries(client, page) for page in pages] == few


def queries(client: Client, page: str) -> int:
    client.get(page)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(page).status_code == 200
    return len(captured)
