"""Lending a token: who may, what the page and the trail say of it, and how it ends."""

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from apps.accounts import caps, lending, memberships
from apps.accounts.caps import Spender
from apps.accounts.models import ApiToken, AuditEntry, Lending, Membership, Role, User
from apps.accounts.models.lending import FREE, OPERATIONS, Terms
from apps.accounts.models.monthly_credits import month_of
from apps.generation import operations
from tests.accounts.conftest import People, unasked
from tests.page import Page

pytestmark = pytest.mark.databases

FORM = {"lent": "1", "monthly_cap": "200", "operations": ["music", "stems"]}


@pytest.fixture
def token(people: People) -> ApiToken:
    return unasked(people.team, people.owner)


def page_of(token: ApiToken) -> str:
    return f"/settings/tokens/{token.pk}/lend/"


def member(people: People, name: str = "member") -> Membership:
    return Membership.objects.get(user=getattr(people, name))


def lend(token: ApiToken, *people: Membership, cap: int = 200, operations: str = "music stems") -> Lending:
    terms = Terms(monthly_cap=cap, operations=tuple(operations.split()), members=people or None)
    Lending.lend(token, terms, by=token.owner)
    return Lending.objects.get(token=token)


def trail() -> list[tuple[str, str]]:
    lines = AuditEntry.objects.filter(action__contains="len").order_by("pk")
    return [(each.action, each.subject.partition(": ")[2]) for each in lines]


def text(client: Client, address: str = "/settings/tokens/") -> str:
    return Page(client.get(address)).text


def test_what_can_be_lent_is_what_there_is() -> None:
    assert (set(OPERATIONS), FREE) == (set(operations.OPERATIONS), operations.FREE)


def test_it_is_lent_changed_and_not_lent_any_more(people: People, token: ApiToken) -> None:
    client, jonas = people.client("owner"), member(people)
    assert "Not lent" in text(client)
    assert client.post(page_of(token), FORM).status_code == 302
    assert "Lent to everyone in Night Bus for songs and stems. Others have spent 0 of 200 credits" in text(
        client
    )
    client.post(page_of(token), {**FORM, "monthly_cap": "50", "members": [jonas.pk]})
    caps.reserve(
        Spender(team_id=people.team.pk, member_id=people.member.pk, token_id=token.pk), 15, month=month_of()
    )
    assert "Lent to jonas for songs and stems. Others have spent 15 of 50 credits" in text(client)
    assert Page(client.get(page_of(token))).one("input", name_="monthly_cap")["value"] == "50"
    client.post(page_of(token), {**FORM, "monthly_cap": "50", "members": [jonas.pk]})
    assert "stays queued, and nothing is spent" in text(client, f"{page_of(token)}stop/")
    assert client.post(f"{page_of(token)}stop/").status_code == 302
    assert not Lending.objects.exists()
    assert trail() == [
        ("token lent", "200 credits a month, to everyone, for songs and stems"),
        (
            "lending changed",
            "50 credits a month (before: 200 credits a month), "
            "to jonas@nightbus.example (before: to everyone), for songs and stems",
        ),
        ("lending stopped", "it was lent for 50 credits a month"),
    ], "and nothing for a form that changes nothing"
    client.post(page_of(token), FORM)
    client.post(page_of(token), {"lent": ""})
    assert not Lending.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"monthly_cap": ""}, "how many credits others may spend"),
        ({"monthly_cap": "0"}, "how many credits others may spend"),
        ({"operations": []}, "Choose at least one thing"),
        ({"operations": ["music", "delete"]}, "Choose among these"),
        ({"who": "chosen"}, "at least one person"),
        ({"members": ["7000000"]}, "people of this team"),
        ({"members": ["everybody"]}, "people of this team"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lent(
    people: People, token: ApiToken, wrong: dict[str, object], words: str
) -> None:
    answer = people.client("owner").post(page_of(token), {**FORM, **wrong})
    assert answer.status_code == 422
    assert words in Page(answer).text
    assert not Lending.objects.exists()


def test_a_person_of_another_team_can_not_be_chosen(people: People, token: ApiToken) -> None:
    answer = people.client("owner").post(page_of(token), {**FORM, "members": [member(people, "stranger").pk]})
    assert answer.status_code == 422
    assert "eve@" not in answer.content.decode()


def test_nobody_else_lends_it_nor_sees_how_it_is_lent(people: People, token: ApiToken) -> None:
    admin = User.objects.create_user("ada@nightbus.example")
    Membership.objects.create(team=people.team, user=admin, role=Role.ADMIN)
    lend(token)
    for person in (admin, people.member, people.stranger):
        client = Client()
        client.force_login(person)
        for address in (page_of(token), f"{page_of(token)}stop/"):
            assert (client.get(address).status_code, client.post(address, FORM).status_code) == (404, 404)
        assert token.last4 not in client.get("/settings/tokens/").content.decode()
    assert Lending.objects.get().monthly_cap == 200


def test_the_password_is_asked_for_and_a_mail_says_it(people: People, token: ApiToken) -> None:
    """What was typed into the form is kept meanwhile, all boxes of it. Stopping asks for nothing."""
    mara, jonas = people.owner, member(people)
    mara.set_password("last ferry home")
    mara.save()
    EmailAddress.objects.create(user=mara, email=mara.email, verified=True, primary=True)
    client = Client()
    client.post("/auth/login/", {"login": mara.email, "password": "last ferry home"})
    mail.outbox.clear()
    asked = client.post(page_of(token), {**FORM, "members": [jonas.pk, member(people, "viewer").pk]})
    assert asked.headers["Location"].startswith("/auth/reauthenticate/")
    assert not Lending.objects.exists()
    back = {"password": "last ferry home", "next": page_of(token)}
    client.post(asked.headers["Location"], back)
    lent = Lending.objects.get()
    assert (lent.operation_names, lent.members.count()) == (["music", "stems"], 2)
    assert [each.subject for each in mail.outbox] == ["[testserver] Your API token is lent to your team"]


def test_it_ends_with_its_owner(people: People, token: ApiToken) -> None:
    """Made a viewer, or gone: whoever comes back lends anew."""
    ada = User.objects.create_user("ada@nightbus.example")
    by = Membership.objects.create(team=people.team, user=ada, role=Role.OWNER)
    mara = Membership.objects.select_related("team", "user").get(user=people.owner)
    lend(token)
    memberships.change_role(mara, Role.VIEWER, by=by)
    assert not Lending.objects.exists()
    memberships.change_role(mara, Role.ADMIN, by=by)
    lend(token)
    memberships.remove(mara, by=by)
    assert not Lending.objects.exists()
    assert [action for action, _ in trail()] == ["token lent", "lending stopped"] * 2


def test_whose_tokens_somebody_may_use(people: People, token: ApiToken) -> None:
    """Own ones first; nobody has another team's, nor one that is lent to others, for something else, or refused."""
    jonas = member(people)

    def found(operation: str = "music", person: User = people.member) -> list[ApiToken]:
        return list(lending.tokens_for(person, people.team, operation))

    assert found() == []
    lend(token)
    assert (found(), found("stems"), found("cover"), found(person=people.owner)) == (
        [token],
        [token],
        [],
        [token],
    )
    assert (found(person=people.viewer), found(person=people.stranger)) == ([], [])
    own = unasked(people.team, people.member, "user:1000-jonassown")
    other = unasked(people.team, people.member, "user:1001-jonassown")
    assert found() == [own, other, token]
    lend(other)
    assert found() == [own, other, token], "whether it is lent says nothing about one's own"
    lend(token, member(people, "viewer"))
    assert found() == [own, other]
    lend(token, jonas)
    assert found() == [own, other, token]
    ApiToken.objects.filter(pk=token.pk).update(refused_at=token.added_at)
    assert found() == [own, other]
    ApiToken.objects.filter(pk=own.pk).update(refused_at=token.added_at)
    assert lending.first_working(found()) == other


def test_what_is_lent_to_somebody_stands_on_their_page(people: People, token: ApiToken) -> None:
    lend(token, cap=40)
    caps.reserve(
        Spender(team_id=people.team.pk, member_id=people.member.pk, token_id=token.pk), 15, month=month_of()
    )
    shown = people.client("member").get("/settings/tokens/")
    assert "For songs and stems. 25 of 40 credits left this month" in Page(shown).text
    assert token.last4 not in shown.content.decode()
