"""The pages of a chain: the take that it is done to, what stands in the way, the price, following and stopping it."""

import uuid

import pytest
from django.test import Client

from apps.accounts.models import FlowAccount, Role
from apps.generation.models import Chain, Job
from apps.library.models import Clip
from tests.generation.conftest import Studio, member
from tests.generation.edits.test_chains import make
from tests.generation.pages import BACKEND, signed_in
from tests.page import Page

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def edited(studio: Studio) -> Clip:
    """A take that was extended and then covered."""
    longer = make(studio, studio.ask_for("extend", source=studio.take(), instruction="an outro", extend_s=5))
    return make(studio, studio.ask_for("cover", source=longer, instruction="bossa nova"))


@pytest.fixture
def target(studio: Studio, edited: Clip) -> Clip:
    take = studio.take("a ferry horn in the fog [short]")
    Clip.objects.filter(pk=take.pk).update(title="Ferry Horn")
    return take


def choose(studio: Studio, edited: Clip, target: Clip) -> Page:
    return Page(signed_in(studio).get(f"/library/clips/{edited.pk}/chain/?target={target.pk}"))


def send(studio: Studio, edited: Clip, page: Page) -> object:
    form = {name: page.value(name) for name in ("target", "nonce")}
    return signed_in(studio).post(f"/library/clips/{edited.pk}/chain/", form)


@pytest.mark.long
def test_from_the_family_to_a_chain_under_way(studio: Studio, edited: Clip, target: Clip) -> None:
    client = signed_in(studio)
    family = Page(client.get(f"/library/clips/{edited.pk}/versions/"))
    start = family.one("a", href=f"/library/clips/{edited.pk}/chain/")
    page = Page(client.get(start["href"]))
    assert "Extend, 5 s: an outro" in page.text
    assert "Cover, bossa nova" in page.text
    links = [each["href"] for each in page.all("a") if (each["href"] or "").startswith("?target=")]
    assert f"?target={target.pk}" in links
    assert f"?target={edited.pk}" not in links
    found = Page(client.get(f"{start['href']}?q=horn"))
    assert f"?target={target.pk}" in [each["href"] for each in found.all("a")]
    assert "No take matches" in Page(client.get(f"{start['href']}?q=zither")).text
    FlowAccount.objects.update(song_credits=5, song_credits_fixed=True, credits=60)
    page = choose(studio, edited, target)
    assert "Apply 2 steps10 credits" in page.one("button", class_="btn btn-pay").text
    answers = [send(studio, edited, page) for _ in range(2)]
    chain = Chain.objects.get()
    assert {answer["Location"] for answer in answers} == {f"/jobs/chains/{chain.pk}/"}
    assert Job.objects.filter(operation="extend").count() == 2
    shown = Page(client.get(f"/jobs/chains/{chain.pk}/"))
    assert "queued" in shown.text
    assert "waits for the step before it" in shown.text
    job = chain.steps.get(number=1).job
    assert job
    assert f"/jobs/chains/{chain.pk}/" in [
        each["href"] for each in Page(client.get(f"/jobs/{job.pk}/")).all("a")
    ]


def test_what_does_not_fit_is_said_before_anything_is_sent(studio: Studio, target: Clip) -> None:
    section = {"mask_start_s": 48, "mask_end_s": 72}
    source = studio.take()
    Clip.objects.filter(pk=target.pk).update(duration_s=60, api_duration_s=60)
    replaced = make_replaced(studio, source, section)
    page = choose(studio, replaced, target)
    assert "it reaches to 1:12, but the take ends at 1:00 there." in page.notice
    assert page.all("button", class_="btn btn-pay") == []
    before = Job.objects.count()
    form = {"target": target.pk, "nonce": uuid.uuid4()}
    answer = signed_in(studio).post(f"/library/clips/{replaced.pk}/chain/", form)
    assert answer.status_code == 422
    assert Job.objects.count() == before
    assert not Chain.objects.exists()


def make_replaced(studio: Studio, source: Clip, section: dict[str, int]) -> Clip:
    """As if it had been done to a longer take."""
    job = studio.ask_for("cover", source=source)
    made = make(studio, job)
    made.song.operation, made.song.params = "replace", {"instruction": "x", **section}
    made.song.save()
    return made


def test_credits_tokens_and_accounts_that_are_missing_are_said(
    studio: Studio, edited: Clip, target: Clip
) -> None:
    FlowAccount.objects.update(song_credits=5, credits=7)
    page = choose(studio, edited, target)
    assert "3 credits short" in page.one("button", class_="btn btn-pay").text
    assert send(studio, edited, page).status_code == 422  # type: ignore[attr-defined]
    FlowAccount.objects.update(block=FlowAccount.Block.GONE)
    assert "not connected at useapi.net any more" in choose(studio, edited, target).notice
    FlowAccount.objects.update(block="", credits=None)
    other = Studio(studio.sandbox, studio.team, member(studio.team, "jonas@nightbus.example"), studio.token)
    assert "add the sandbox’s token" in choose(other, edited, target).notice
    assert not Chain.objects.exists()


def test_a_double_click_with_the_last_credits_is_led_to_what_the_first_has_started(
    studio: Studio, edited: Clip, target: Clip
) -> None:
    FlowAccount.objects.update(song_credits=5, song_credits_fixed=True, credits=10)
    page = choose(studio, edited, target)
    answers = [send(studio, edited, page) for _ in range(2)]
    assert [answer["Location"] for answer in answers] == [f"/jobs/chains/{Chain.objects.get().pk}/"] * 2


def test_who_may_see_and_stop_it(studio: Studio, edited: Clip, target: Clip) -> None:
    send(studio, edited, choose(studio, edited, target))
    address = f"/jobs/chains/{Chain.objects.get().pk}/"
    people = {
        "viewer": member(studio.team, "vera@nightbus.example", Role.VIEWER),
        "mate": member(studio.team, "jonas@nightbus.example"),
    }
    for user in people.values():
        client = Client()
        client.force_login(user, backend=BACKEND)
        page = client.get(address)
        assert page.status_code == 200
        assert "Stop the chain" not in page.content.decode()
        assert client.post(f"{address}stop/").status_code == 403
    assert signed_in(studio).post(f"{address}stop/").status_code == 302
    page = Page(signed_in(studio).get(address))
    assert "Stopped by mara. What is done already stays." in page.text
    assert "removed or cancelled" in page.text
    assert "not started, nothing spent" in page.text


def test_a_chain_that_stands_still_leads_to_the_step_that_went_wrong(
    studio: Studio, edited: Clip, target: Clip
) -> None:
    send(studio, edited, choose(studio, edited, target))
    chain = Chain.objects.get()
    job = chain.steps.get(number=1).job
    assert job
    signed_in(studio).post(f"/jobs/{job.pk}/cancel/")
    studio.tick()
    page = Page(signed_in(studio).get(f"/jobs/chains/{chain.pk}/"))
    assert "Step 1 was cancelled, or removed from the queue. Nothing more is spent." in page.notice
    assert page.one("a", href=f"/jobs/{job.pk}/retry/")


@pytest.mark.long
def test_the_jobs_page_leads_to_chains_that_are_under_way_or_stand_still(
    studio: Studio, edited: Clip, target: Clip
) -> None:
    """Also when no job of it needs anybody: its card alone would not say so."""
    send(studio, edited, choose(studio, edited, target))
    chain = Chain.objects.get()

    def open_chains(query: str = "") -> list[str]:
        page = Page(signed_in(studio).get(f"/jobs/{query}"))
        return [each.text for each in page.all("a", href=f"/jobs/chains/{chain.pk}/")]

    (line,) = open_chains()
    assert "Ferry Horn, take A" in line
    assert "Running" in line
    assert (len(open_chains("?state=running")), open_chains("?state=needs")) == (1, [])
    Chain.objects.update(status=Chain.Status.STOPPED, text="Its result is in the bin.")
    assert "Stalled. Its result is in the bin." in open_chains("?state=needs")[0]
    assert (open_chains("?state=running"), len(open_chains("?who=mine"))) == ([], 1)
    Chain.objects.update(status=Chain.Status.DONE)
    assert open_chains() == []
