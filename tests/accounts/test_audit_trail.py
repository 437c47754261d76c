"""The audit trail: what somebody does with their own sign-in, and that no line is ever changed."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import DatabaseError, connection, transaction
from django.test import Client

from apps.accounts import audit_trail, tasks
from apps.accounts.models import AuditEntry, Membership, Role, SignInLink, Team, User
from apps.accounts.models.teams import AppendOnly
from tests.accounts.conftest import People

pytestmark = pytest.mark.databases

PASSWORD, NEXT = "last ferry home", "copper rain 9"


@pytest.fixture
def jonas(people: People) -> User:
    """The member, with a password and an address as bootstrap makes them."""
    people.member.set_password(PASSWORD)
    people.member.save()
    EmailAddress.objects.create(user=people.member, email=people.member.email, verified=True, primary=True)
    return people.member


def actions(team: Team | None) -> list[str]:
    return list(AuditEntry.objects.filter(team=team).order_by("pk").values_list("action", flat=True))


def sign_in(user: User, password: str = PASSWORD) -> Client:
    client = Client()
    client.post("/auth/login/", {"login": user.email, "password": password})
    return client


def confirm(client: Client, password: str = PASSWORD) -> None:
    client.post("/auth/reauthenticate/", {"password": password})


@pytest.mark.long
def test_signing_in_and_out_and_failing(people: People, jonas: User) -> None:
    sign_in(jonas, "not this one")
    client = sign_in(jonas)
    confirm(client, "not this one either")
    client.post("/auth/logout/")
    expected = ["sign-in failed", "signed in", "password refused", "signed out"]
    assert actions(people.team) == expected
    failed, signed_in = AuditEntry.objects.filter(team=people.team).order_by("pk")[:2]
    assert (failed.by, failed.subject, signed_in.by) == (None, jonas.email, jonas)
    assert "not this one" not in str(list(AuditEntry.objects.values()))


def test_a_link_signs_in(people: People) -> None:
    Client().post(f"/auth/link/{SignInLink.issue(people.member)}/")
    assert actions(people.team) == ["signed in by a link"]


def test_changes_of_password_and_address(people: People, jonas: User) -> None:
    client = sign_in(jonas)
    confirm(client)
    client.post("/auth/email/", {"email": "jonas@home.example", "action_add": ""})
    EmailAddress.objects.filter(email="jonas@home.example").update(verified=True)
    client.post("/auth/email/", {"email": "jonas@home.example", "action_primary": ""})
    client.post("/auth/email/", {"email": "jonas@nightbus.example", "action_remove": ""})
    client.post("/auth/password/change/", {"oldpassword": PASSWORD, "password1": NEXT, "password2": NEXT})
    changes = ["address added", "address changed", "address removed", "password changed"]
    assert actions(people.team) == ["signed in", *changes]
    subjects = str(list(AuditEntry.objects.values_list("subject", flat=True)))
    assert "from jonas@nightbus.example to jonas@home.example" in subjects
    assert not {PASSWORD, NEXT} & set(subjects.split("'"))


def test_a_reset_by_mail(people: People, jonas: User) -> None:
    client = Client()
    client.post("/auth/password/reset/", {"email": jonas.email})
    link = next(word for word in str(mail.outbox[0].body).split() if "/password/reset/key/" in word)
    form = client.get(link.removeprefix("http://testserver"), follow=True).redirect_chain[-1][0]
    client.post(form, {"password1": NEXT, "password2": NEXT})
    assert actions(people.team) == ["password reset by mail"]


def test_somebody_in_two_teams_is_in_both_trails_and_somebody_in_none_in_their_own(
    people: People, jonas: User
) -> None:
    other = Team.objects.create(name="Harbour")
    Membership.objects.create(team=other, user=jonas, role=Role.MEMBER)
    sign_in(jonas)
    assert (actions(people.team), actions(other), actions(None)) == (["signed in"], ["signed in"], [])
    Membership.objects.filter(user=jonas).delete()
    sign_in(jonas)
    assert (actions(people.team), actions(None)) == (["signed in"], ["signed in"])


def test_a_stranger_fills_nothing(people: People, jonas: User) -> None:
    """Nothing of an address that nobody has; of one that somebody has, ten lines an hour from the whole world."""
    for host in range(30):
        client = Client(REMOTE_ADDR=f"203.0.113.{host}")
        for address in (jonas.email, "nobody@nightbus.example"):
            client.post("/auth/login/", {"login": address, "password": "not this one"})
    assert actions(people.team) == ["sign-in failed"] * 10
    assert AuditEntry.objects.count() == 10


def test_no_line_can_be_changed_or_removed_by_code(people: People) -> None:
    audit_trail.note(people.member, "signed in", by=people.member)
    line = AuditEntry.objects.get()
    line.action = "signed out"
    for attempt in (
        line.save,
        line.delete,
        lambda: AuditEntry.objects.update(action="signed out"),
        lambda: AuditEntry.objects.all().delete(),
        lambda: AuditEntry.objects.bulk_update([line], ["action"]),
        lambda: people.team.audit.update(action="signed out"),
    ):
        with pytest.raises(AppendOnly), transaction.atomic():
            attempt()
    assert actions(people.team) == ["signed in"]


@pytest.mark.parametrize(
    "change",
    [
        *("action = 'signed out'", "subject = 'eve'", "at = '2020-01-01'", "team_id = NULL", "by_id = {eve}"),
        *("address = NULL", "browser = 'another'"),
    ],
)
def test_the_database_refuses_a_change(people: People, change: str) -> None:
    sign_in(people.member, "not this one")
    statement = f"UPDATE accounts_auditentry SET {change.format(eve=people.stranger.pk)}"
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_lines_are_stored_for_400_days_and_not_longer(people: People) -> None:
    """The database itself refuses to forget a younger one, whoever asks it."""
    now = datetime.now(UTC)
    for days in (500, 401, 399, 0):
        with time_machine.travel(now - timedelta(days=days)):
            audit_trail.note(people.member, f"{days} days ago")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.filter(action="399 days ago")._raw_delete(connection.alias)
    assert AuditEntry.objects.purge_expired(most=1) == 1
    tasks.purge_expired()
    tasks.purge_expired()  # it is not due again
    assert actions(people.team) == ["399 days ago", "0 days ago"]


def test_a_person_who_is_removed_leaves_their_lines(people: People) -> None:
    audit_trail.note(people.member, "signed in", by=people.member)
    people.member.delete()
    line = AuditEntry.objects.get()
    assert (line.by, line.subject) == (None, "jonas@nightbus.example")
