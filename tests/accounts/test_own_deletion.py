"""A person deletes themself: what goes, what stays, and who hands over first. And what a team requires."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client

from apps.accounts.models import ApiToken, AuditEntry, Lending, Membership, Role, SignInLink, User
from apps.accounts.models.lending import Terms
from tests.accounts.conftest import People, unasked

PASSWORD = "last ferry home"
PAGE = "/settings/account/delete/"


def with_password(user: User) -> Client:
    """Signed in, and the password was just confirmed."""
    user.set_password(PASSWORD)
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    client = Client()
    client.post("/auth/login/", {"login": user.email, "password": PASSWORD})
    client.post("/auth/reauthenticate/", {"password": PASSWORD})
    return client


def test_nothing_of_the_person_stays_and_all_of_the_team(people: People) -> None:
    jonas, email = people.member, people.member.email
    Lending.lend(unasked(people.team, jonas), Terms(monthly_cap=40, operations=("music",)), by=jonas)
    link, elsewhere = SignInLink.issue(jonas), people.client("member")
    client = with_password(jonas)
    said = client.get(PAGE).content.decode()
    assert "without your name" in said
    assert "You lend 1 of them: that ends right away." in said
    assert client.post(PAGE).url == "/auth/login/"
    jonas.refresh_from_db()
    assert (jonas.email, jonas.short_name) == (f"deleted-{jonas.pk}@deleted.invalid", "Somebody who left")
    assert not jonas.has_usable_password()
    assert not EmailAddress.objects.filter(email=email).exists()
    assert not Membership.objects.filter(user=jonas).exists()
    assert ApiToken.objects.get().owner_left_at
    assert not Lending.objects.exists()
    assert "_auth_user_id" not in client.session
    assert elsewhere.get("/settings/account/").status_code == 302
    assert Client().post(f"/auth/link/{link}/").status_code == 410
    actions = list(
        AuditEntry.objects.filter(team=people.team).order_by("-pk").values_list("action", flat=True)
    )
    assert actions[:3] == ["lending stopped", "member left", "person deleted"]


def test_the_last_owner_hands_over_first(people: People) -> None:
    client = with_password(people.owner)
    for answer in (client.get(PAGE), client.post(PAGE)):
        assert "First hand over" in answer.content.decode()
    Membership.objects.filter(user=people.member).update(role=Role.OWNER)
    assert client.post(PAGE).url == "/auth/login/"
    assert not Membership.objects.filter(user=people.owner).exists()


def test_a_team_requires_two_steps_of_those_who_manage_it(people: People) -> None:
    client = with_password(people.owner)
    assert client.post("/team/two-step/", {"required": "1"}).status_code == 302
    assert client.get("/library/").url == "/settings/account/"
    assert (
        client.get("/jobs/panel/", headers={"hx-request": "true"}).headers["HX-Redirect"]
        == "/settings/account/"
    )
    page = client.get("/settings/account/").content.decode()
    assert "requires this of its owners and admins" in page
    assert people.client("member").get("/library/").status_code == 200
    Authenticator.objects.create(user=people.owner, type="totp", data={})
    assert client.get("/library/").status_code == 200
    client.post("/team/two-step/")
    Authenticator.objects.all().delete()
    assert client.get("/library/").status_code == 200
    actions = list(AuditEntry.objects.filter(action__startswith="two-step").values_list("action", flat=True))
    assert actions == ["two-step sign-in no longer required", "two-step sign-in required"]
