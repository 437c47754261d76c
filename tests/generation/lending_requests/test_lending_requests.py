"""Asking the owner of a token to lend it: from the page that needs it, once, as a notice to that person alone."""

import uuid
from datetime import timedelta

import pytest
from django.core import mail
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from apps.accounts.models import ApiToken, Lending, Membership, Role, Subscription, Team, User
from apps.generation.lending_requests import notices, owners, requests
from apps.generation.models import LendingRequest
from apps.library.models import Clip, ReferenceFile
from tests.generation.conftest import Studio, member, with_token
from tests.generation.edits.edit_forms import address, row
from tests.generation.pages import BACKEND
from tests.page import Page

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


@pytest.fixture
def jonas(studio: Studio) -> User:
    """Without a token, in a team where Mara has one that is real."""
    Subscription.objects.update(endpoint="https://api.useapi.net/v1/flowmusic")
    return member(studio.team, "jonas@nightbus.example")


def client(person: User) -> Client:
    made = Client()
    made.force_login(person, backend=BACKEND)
    return made


def seat(person: User, team: Team) -> Membership:
    return Membership.objects.select_related("user", "team").get(user=person, team=team)


def post(studio: Studio, person: User, clip: Clip, whom: object, **form: str) -> HttpResponse:
    return client(person).post(address(clip, "cover"), {"ask": str(whom), **form})


def shown(person: User, page: str = "/library/") -> list[str]:
    """What they are asked on that page, in words."""
    found = Page(client(person).get(page)).all("div", class_="notice")
    return [" ".join(each.text.split()) for each in found if each["data-lending-request"]]


def test_one_click_asks_and_the_owner_alone_sees_it_until_it_is_dismissed(
    studio: Studio, jonas: User
) -> None:
    clip, mara = row(studio), studio.user
    page = Page(client(jonas).get(address(clip, "cover")))
    assert "for which only mara has a token here. Ask mara to lend it to you" in page.notice
    button = page.one("button", name="ask")
    assert button.text.strip() == "Ask mara"
    for _ in range(2):  # a double click
        assert post(studio, jonas, clip, button["value"]).status_code == 302
    asked = LendingRequest.objects.get()
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == ([mara.email], "jonas asks you to lend your API token")
    link = f"/settings/tokens/{studio.token.pk}/lend/"
    assert link in letter.body
    assert "Cover of Copper Rain, take A" in letter.body
    page = Page(client(jonas).get(address(clip, "cover")))
    assert "You have asked mara" in page.notice
    assert "A token of your own for it would do, too." in page.notice
    assert page.all("button", name="ask") == []
    for place in ("/library/", "/jobs/", "/settings/tokens/"):
        (said,) = shown(mara, place)
        assert said.startswith("jonas asks you to lend your API token: Cover of Copper Rain, take A"), place
        assert shown(jonas, place) == [], place
    assert any(each["href"] == link for each in Page(client(mara).get("/jobs/")).all("a"))
    assert client(jonas).post(f"/settings/tokens/requests/{asked.pk}/dismiss/").status_code == 404
    assert client(mara).post(f"/settings/tokens/requests/{asked.pk}/dismiss/").status_code == 302
    post(studio, jonas, clip, button["value"])
    assert shown(mara) == [], "not twice on one day"
    LendingRequest.objects.update(asked_at=timezone.now() - timedelta(days=1))
    post(studio, jonas, clip, button["value"])
    assert len(shown(mara)) == len(mail.outbox) - 1 == LendingRequest.objects.count() == 1


def test_nobody_can_flood(studio: Studio, jonas: User) -> None:
    """Ten in a day, one mail, five of them on the page."""
    mara, by = seat(studio.user, studio.team), seat(jonas, studio.team)
    clips = [row(studio) for _ in range(LendingRequest.MOST_A_DAY + 1)]
    for clip in clips[:-1]:
        requests.ask(mara, by=by, operation="cover", subject=clip)
    browser = client(jonas)
    answer = browser.post(address(clips[-1], "cover"), {"ask": str(mara.pk)}, follow=True)
    assert "You have asked 10 times since yesterday" in answer.content.decode()
    assert LendingRequest.objects.count() == len(clips) - 1
    assert (len(mail.outbox), len(shown(studio.user))) == (1, notices.MOST_SHOWN)


def test_it_is_over_once_it_is_answered_or_nothing_is_asked_any_more(studio: Studio, jonas: User) -> None:
    clip, mara = row(studio), studio.user
    requests.ask(seat(mara, studio.team), by=seat(jonas, studio.team), operation="cover", subject=clip)
    lending = Lending.objects.create(token=studio.token, monthly_cap=9, operations=Lending.joined(["music"]))
    assert "Change lending…" in shown(mara)[0], "it is lent, but not for this"
    owner = owners.of(clip, seat(jonas, studio.team), "cover")
    assert "mara lends it, but not to you for this" in owners.words(owner, seat(jonas, studio.team))
    here = Membership.objects.filter(user=jonas), Membership.objects.filter(user=mara)
    gone = (
        (here[0], {"role": Role.VIEWER}, {"role": Role.MEMBER}),
        (here[1], {"role": Role.VIEWER}, {"role": Role.OWNER}),
        (ApiToken.objects.all(), {"refused_at": timezone.now()}, {"refused_at": None}),
        (Clip.objects.all(), {"deleted_at": timezone.now()}, {"deleted_at": None}),
        (LendingRequest.objects.all(), {"asked_at": timezone.now() - LendingRequest.STANDS_FOR}, {}),
    )
    for rows, before, after in gone:
        rows.update(**before)
        assert shown(mara) == [], before
        rows.update(**(after or {"asked_at": timezone.now()}))
        assert len(shown(mara)) == 1, before
    Lending.objects.update(operations=Lending.joined(["music", "cover"]))
    assert shown(mara) == []
    page = Page(client(jonas).get(address(clip, "cover")))
    assert page.all("button", name="ask") == []
    assert "mara’s token pays" in page.one(id="tool").text
    studio.tick()
    lending.delete()
    assert shown(mara) == [], "it does not come back"
    assert LendingRequest.objects.get().dismissed_at


def test_only_working_tokens_of_this_team_are_named(studio: Studio, jonas: User) -> None:
    """Of one subscription: a viewer's, a refused one, one of somebody locked out, and another team's."""
    clip, here = row(studio), studio.team
    vera = member(here, "vera@nightbus.example", Role.VIEWER)
    rita, lou, bo = (member(here, f"{name}@nightbus.example") for name in ("rita", "lou", "bo"))
    Subscription.objects.update(endpoint=studio.sandbox.url + "/v1/flowmusic")
    elsewhere = Team.objects.create(name="Elsewhere")
    eve = member(elsewhere, "eve@elsewhere.example", Role.OWNER)
    for person, team in ((vera, here), (rita, here), (lou, here), (bo, here), (eve, elsewhere)):
        with_token(studio.sandbox, team, person)
    Subscription.objects.update(endpoint="https://api.useapi.net/v1/flowmusic")
    ApiToken.objects.filter(owner=rita).update(refused_at=timezone.now())
    User.objects.filter(pk=lou.pk).update(is_active=False)
    page = Page(client(jonas).get(address(clip, "cover")))
    assert "only mara and bo have tokens here. Ask one of them" in page.notice
    assert len(page.all("button", name="ask")) == 2
    for person in (rita, vera):
        assert post(studio, jonas, clip, seat(person, here).pk).status_code == 302
    for wrong in (seat(eve, elsewhere).pk, 0, "x", "9" * 30):
        assert post(studio, jonas, clip, wrong).status_code == 404
    assert post(studio, vera, clip, seat(bo, here).pk).status_code == 403
    assert post(studio, eve, clip, seat(bo, here).pk).status_code == 404
    assert not LendingRequest.objects.exists()
    ApiToken.objects.filter(team=here).delete()
    assert "nobody in Night Bus has a working token" in Page(client(jonas).get(address(clip, "cover"))).notice


def test_what_was_typed_stays(studio: Studio, jonas: User) -> None:
    clip, whom = row(studio), seat(studio.user, studio.team).pk
    page = Page(post(studio, jonas, clip, whom, nonce=str(uuid.uuid4()), instruction="lo-fi"))
    assert (page.status, page.value("instruction")) == (409, "lo-fi")
    assert "You have asked mara" in page.notice


def test_references_say_whose_account_it_is_and_ask_too(studio: Studio, jonas: User) -> None:
    account, mara = studio.account("studio"), studio.user
    file = ReferenceFile.objects.create(
        team=studio.team,
        subscription=account.subscription,
        account=account,
        kind="audio",
        name="harbour.mp3",
        asset_id="asset-1",
    )
    Subscription.objects.update(endpoint=studio.sandbox.url + "/v1/flowmusic")
    with_token(studio.sandbox, studio.team, jonas, "user:1001-sandboxdemo")  # another subscription
    form = {"prompt": "slow disco", "count": "1", "nonce": str(uuid.uuid4()), "refAudio1": file.asset_id}
    refused = Page(client(jonas).post("/create/", form))
    assert "on studio@, and only mara can pay there." in refused.one(id="id_refAudio1_error").text
    button = Page(client(jonas).get("/library/files/")).one("button", name="ask")
    for _ in range(2):
        answer = client(jonas).post(f"/library/files/{file.pk}/ask/", {"ask": button["value"] or ""})
        assert answer.status_code == 302
    assert shown(mara)[0].startswith("jonas asks you to lend your API token: A song with harbour.mp3")
    assert Page(client(mara).get("/library/files/")).all("button", name="ask") == []


def test_a_notice_is_one_query_and_its_words_are_text(studio: Studio, jonas: User) -> None:
    User.objects.filter(pk=jonas.pk).update(name="<b>J</b>\r\nBcc: all@x.example")
    jonas.refresh_from_db()
    clip = row(studio)
    Clip.objects.filter(pk=clip.pk).update(title="<script>x</script>")
    clip.refresh_from_db()
    mara = seat(studio.user, studio.team)
    requests.ask(mara, by=seat(jonas, studio.team), operation="stems", subject=clip)
    assert "\n" not in mail.outbox[0].subject
    page = client(studio.user).get("/library/").content.decode()
    assert "<script>x" not in page
    assert "&lt;b&gt;J" in page
