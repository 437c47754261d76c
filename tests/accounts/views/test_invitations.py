"""/team/invitations/ and /auth/invitation/<secret>/: who gets in, once, and what everybody else is told."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from threading import Barrier
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from apps.accounts.models import AuditEntry, Invitation, Membership, Role, Team, User
from tests.accounts.conftest import People, person
from tests.page import Page

pytestmark = pytest.mark.databases

NELE = "nele@nightbus.example"
PASSWORD = "a lamp in the harbour"
FORM = {"name": "Nele", "password1": PASSWORD, "password2": PASSWORD}
PATH = re.compile(r"/auth/invitation/[\w-]{32}/")
NO_MAIL = "django.core.mail.backends.dummy.EmailBackend"


@pytest.fixture(autouse=True)
def _no_mail(settings: Settings) -> None:
    settings.EMAIL_BACKEND = NO_MAIL


def words(answer: HttpResponse) -> str:
    return Page(answer).text


def invite(people: People, email: str = NELE, role: str = "member", by: str = "owner") -> str:
    """Through the page. Returns the path of the link that it shows."""
    answer = people.client(by).post("/team/invitations/", {"email": email, "role": role})
    assert answer.status_code == 200, words(answer)
    return PATH.findall(answer.content.decode())[0]


def as_person(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_somebody_new_joins_by_a_link_that_is_shown_once(people: People) -> None:
    path = invite(people)
    assert not PATH.search(people.client("owner").get("/team/").content.decode())
    assert path.split("/")[3] not in str(list(Invitation.objects.values()))
    client = Client()
    first = client.get(path)
    assert (first.status_code, first.headers["Referrer-Policy"]) == (200, "strict-origin")
    assert "Join Night Bus" in words(first)
    joined = client.post(path, FORM)
    assert joined.headers["Location"] == "/library/?welcome=1"
    nele = User.objects.get(email=NELE)
    assert (nele.name, nele.memberships.get().role) == ("Nele", Role.MEMBER)
    assert not EmailAddress.objects.get(user=nele).verified  # the link was passed on by hand
    welcome = words(client.get(joined.headers["Location"]))
    assert "Songs are paid for with an API token of your own." in welcome
    assert "Three things to try" in welcome
    actions = AuditEntry.objects.filter(team=people.team).order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["invitation made", "member joined", "signed in by an invitation"]


def test_a_link_goes_to_the_address_alone_where_mail_is_set_up(people: People, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    people.team.rename("Night\nBus", by=people.owner)
    answer = people.client("owner").post(
        "/team/invitations/", {"email": "Nele@NightBus.example", "role": "viewer"}
    )
    assert answer.headers["Location"] == "/team/"
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == ([NELE], "mara invites you to Night Bus")
    client = Client()
    client.post(PATH.findall(str(sent.body))[0], FORM)
    assert EmailAddress.objects.get(email=NELE).verified
    assert people.team.memberships.get(user__email=NELE).role == Role.VIEWER


def test_used_revoked_over_and_replaced_links_say_so_and_what_to_do(people: People) -> None:
    ends: dict[str, str] = {}
    ends["Somebody has joined with it already"] = invite(people, "ada@nightbus.example")
    ends["It was revoked"] = invite(people, "bea@nightbus.example")
    ends["It worked for seven days"] = invite(people, "cleo@nightbus.example")
    ends["It was replaced by a newer link"] = invite(people, "dora@nightbus.example")
    owner = people.client("owner")
    ada, bea, cleo, dora = Invitation.objects.order_by("pk").order_by("created_at")
    joined = Client()
    joined.post(next(iter(ends.values())), FORM)
    owner.post(f"/team/invitations/{bea.pk}/revoke/")
    Invitation.objects.filter(pk=cleo.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    again = PATH.findall(owner.post(f"/team/invitations/{dora.pk}/resend/").content.decode())[0]
    for said, path in ends.items():
        for client in (Client(), owner):
            for answer in (client.get(path), client.post(path, FORM), client.post(path, {"do": "sign-in"})):
                assert answer.status_code == 410
                assert said in words(answer)
                assert "for a new one" in words(answer)
                assert Page(answer).all("a", href="/") or Page(answer).all("a", href="/auth/login/")
    assert "You have joined already" in words(joined.get(next(iter(ends.values()))))
    assert Client().get(again).status_code == 200
    assert people.team.memberships.count() == 4
    for done in (ada, bea):  # nothing is left to do with them
        assert owner.post(f"/team/invitations/{done.pk}/resend/").status_code == 404


def test_an_address_with_an_account_signs_in_first(people: People) -> None:
    people.stranger.set_password(PASSWORD)
    people.stranger.save()
    path, client = invite(people, people.stranger.email), Client()
    assert "has an account already" in words(client.get(path))
    refused = client.post(path, FORM)
    assert (refused.status_code, User.objects.filter(email=people.stranger.email).count()) == (409, 1)
    to_login = client.post(path, {"do": "sign-in"}).headers["Location"]
    assert to_login == "/auth/login/?next=%2Fauth%2Finvitation%2F"  # the secret stands in no other address
    login = {"login": people.stranger.email, "password": PASSWORD, "next": "/auth/invitation/"}
    assert client.post("/auth/login/", login).headers["Location"] == "/auth/invitation/"
    assert "You are signed in as" in words(client.get("/auth/invitation/"))
    assert not people.team.memberships.filter(user=people.stranger).exists(), "a GET joins nobody"
    assert client.post("/auth/invitation/").headers["Location"] == "/library/?welcome=1"
    assert people.team.memberships.filter(user=people.stranger).exists()
    assert "Welcome to Night Bus" in words(client.get("/library/?welcome=1"))


def test_somebody_else_is_told_whose_it_is(people: People) -> None:
    path, eve = invite(people), people.client("stranger")
    assert "this invitation is for another address" in words(eve.get(path))
    assert eve.post(path).status_code == 403
    assert eve.post(path, {"do": "sign-out"}).headers["Location"] == "/auth/invitation/"
    assert "_auth_user_id" not in eve.session
    assert eve.post("/auth/invitation/", FORM).headers["Location"] == "/library/?welcome=1"
    assert Membership.objects.filter(user__email=NELE).exists()
    assert not people.team.memberships.filter(user=people.stranger).exists()


def test_a_link_for_nobody_in_particular(people: People) -> None:
    """Who is signed in joins by one press; who is in the team already uses nothing up; who is new gives an address."""
    path = invite(people, email="")
    assert people.client("member").post(path).headers["Location"] == "/library/"
    assert people.client("stranger").post(path).headers["Location"] == "/library/?welcome=1"
    path, client = invite(people, email=""), Client()
    known = client.post(path, FORM | {"email": people.viewer.email})
    assert (known.status_code, "has an account already" in words(known)) == (409, True)
    assert client.post(path, FORM | {"email": NELE}).status_code == 302
    assert User.objects.get(email=NELE).has_usable_password()


def test_who_is_in_the_team_uses_up_nothing(people: People) -> None:
    """Invited by their address before they came in another way."""
    path = invite(people, people.stranger.email)
    Membership.objects.create(team=people.team, user=people.stranger, role=Role.VIEWER)
    eve = people.client("stranger")
    for answer in (eve.get(path), eve.post(path)):
        assert answer.headers["Location"] == "/library/"
    assert "You are in Night Bus already" in words(eve.get("/library/"))
    assert people.team.memberships.get(user=people.stranger).role == Role.VIEWER
    assert Invitation.objects.get().accepted_at is None


def test_who_is_locked_out_stays_out_and_is_told_whom_to_ask(people: People) -> None:
    people.stranger.set_password(PASSWORD)
    people.stranger.is_active = False
    people.stranger.save()
    path, client = invite(people, people.stranger.email), people.client("stranger")
    assert "has an account already" in words(client.get(path)), "the session is worth nothing any more"
    assert client.post(path, FORM).status_code == 409
    client.post(path, {"do": "sign-in"})
    login = {"login": people.stranger.email, "password": PASSWORD, "next": "/auth/invitation/"}
    refused = client.post("/auth/login/", login, follow=True)
    assert "Your sign-in is deactivated" in words(refused)
    assert "Ask whoever runs this site" in words(refused)
    assert not people.team.memberships.filter(user=people.stranger).exists()
    assert Invitation.objects.get().is_valid, "nothing is used up"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password2": "another lamp entirely"}, "not the same password"),
        ({"password1": "short", "password2": "short"}, "too short"),
        ({"name": " "}, "name that your team knows you by"),
    ],
)
def test_what_is_not_filled_in_rightly_uses_nothing_up(
    people: People, change: dict[str, str], said: str
) -> None:
    path, client = invite(people), Client()
    wrong = client.post(path, FORM | change)
    assert wrong.status_code == 422
    assert said in unescape(wrong.content.decode())
    assert client.post(path, FORM).status_code == 302


def test_who_may_be_invited_as_what(people: People) -> None:
    owner = people.client("owner")
    for form, said in (
        ({"email": people.viewer.email, "role": "member"}, "is in this team already"),
        ({"email": NELE, "role": "owner"}, "Choose admin, member or viewer"),
        ({"email": "mara\N{KELVIN SIGN}@nightbus.example", "role": "member"}, "looks like one of a to z"),
    ):
        answer = owner.post("/team/invitations/", form)
        assert (answer.status_code, said in words(answer)) == (422, True), said
    invite(people)
    twice = owner.post("/team/invitations/", {"email": NELE, "role": "member"})
    assert (twice.status_code, "Send it again from the list" in words(twice)) == (422, True)
    assert (
        owner.get("/team/invitations/").headers["Location"] == "/team/"
    )  # a reload of the page with the link


def test_who_stops_managing_has_no_invitation_left(people: People) -> None:
    """By a link of their own making they could come back as more than they are."""
    admin = person("ada@nightbus.example", people.team, Role.ADMIN)
    client = as_person(admin)
    made = client.post("/team/invitations/", {"email": "", "role": "admin"})
    path = PATH.findall(made.content.decode())[0]
    people.client("owner").post(f"/team/members/{admin.memberships.get().pk}/role/", {"role": "member"})
    assert client.post(path).status_code == 410


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("signed_in", [True, False], ids=["accounts", "new people"])
def test_of_two_people_one_joins(signed_in: bool, settings: Settings) -> None:
    team = Team.objects.create(name="Night Bus")
    owner = person("mara@nightbus.example", team, Role.OWNER)
    invitation = Invitation.begin(team, email="", role=Role.MEMBER, by=owner)
    path = f"/auth/invitation/{invitation.renew(mailed=False)}/"
    people = [
        person(f"{name}@elsewhere.example", Team.objects.create(name=name), Role.OWNER) for name in "ab"
    ]
    clients = [as_person(each) if signed_in else Client() for each in people]
    forms: list[dict[str, Any]] = [
        {} if signed_in else FORM | {"email": f"{name}@new.example"} for name in "ab"
    ]
    assert race(clients, [path] * 2, forms) == [302, 410]
    assert team.memberships.count() == 2
    assert User.objects.count() == (3 if signed_in else 4), "who came too late has no half an account"
    invitation.refresh_from_db()
    assert invitation.accepted_by in {each.user for each in team.memberships.all()} - {owner}


@pytest.mark.django_db(transaction=True)
def test_one_address_joined_in_two_teams_at_once_is_one_person() -> None:
    """Whoever came too late is asked to sign in, and can still join with the link."""
    teams = [Team.objects.create(name=name) for name in ("Night Bus", "Day Bus")]
    owner = person("mara@nightbus.example", teams[0], Role.OWNER)
    made = [Invitation.begin(team, email=NELE, role=Role.MEMBER, by=owner) for team in teams]
    paths = [f"/auth/invitation/{each.renew(mailed=False)}/" for each in made]
    assert race([Client(), Client()], paths, [FORM, FORM]) == [302, 409]
    nele = User.objects.get(email=NELE)
    (left,) = Invitation.objects.unused()
    late = paths[made.index(left)]
    assert as_person(nele).post(late).headers["Location"] == "/library/?welcome=1"
    assert {each.team for each in nele.memberships.all()} == set(teams)


def race(clients: list[Client], paths: list[str], forms: list[dict[str, Any]]) -> list[int]:
    """Both press at the same moment, each by a connection of their own: the statuses, the smaller one first."""
    start = Barrier(2, timeout=30)

    def join(number: int) -> int:
        start.wait()
        try:
            return clients[number].post(paths[number], forms[number]).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(join, range(2)))
