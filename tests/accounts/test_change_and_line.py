"""A change of people, of sign-in or of tokens, and its line in the audit trail: both are written, or neither is."""

from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import DatabaseError
from django.test import Client

from apps.accounts.models import (
    ApiToken,
    AuditEntry,
    Handover,
    Invitation,
    Membership,
    Role,
    SignInLink,
    Team,
    User,
)
from apps.accounts.models.teams import AuditQuerySet
from tests.accounts.conftest import People, unasked
from tests.accounts.test_own_deletion import PASSWORD, with_password
from tests.sample_team import untouched

NEXT = "copper rain 9"
CHANGED = (
    ApiToken,
    Authenticator,
    EmailAddress,
    Handover,
    Invitation,
    Membership,
    SignInLink,
    Team,
    UserSession,
)
# By name: an address with what it points at, and what is posted.
Case = tuple[Callable[[People], str], dict[str, str]]


def _member(what: str) -> Callable[[People], str]:
    return lambda people: f"/team/members/{people.member.memberships.get().pk}/{what}/"


def _invitation(what: str) -> Callable[[People], str]:
    return lambda people: f"/team/invitations/{Invitation.objects.get(email='ada@x.example').pk}/{what}/"


def _at(address: str) -> Callable[[People], str]:
    return lambda people: address


CASES: dict[str, Case] = {
    "password": (
        _at("/auth/password/change/"),
        {"oldpassword": PASSWORD, "password1": NEXT, "password2": NEXT},
    ),
    "address added": (_at("/auth/email/"), {"email": "mara@home.example", "action_add": ""}),
    "address removed": (_at("/auth/email/"), {"email": "mara@old.example", "action_remove": ""}),
    "first address": (_at("/auth/email/"), {"email": "mara@old.example", "action_primary": ""}),
    "app removed": (_at("/auth/two-step/totp/deactivate/"), {}),
    "passkey removed": (
        lambda people: (
            f"/auth/two-step/webauthn/keys/{Authenticator.objects.get(type='webauthn').pk}/remove/"
        ),
        {},
    ),
    "codes": (_at("/auth/two-step/recovery-codes/generate/"), {}),
    "session": (_at("/settings/account/sessions/end/"), {"session": "another one"}),
    "sessions": (_at("/settings/account/sessions/end/"), {}),
    "two steps required": (_at("/team/two-step/"), {"required": "1"}),
    "rename": (_at("/team/rename/"), {"name": "Day Bus"}),
    "new team": (_at("/team/new/"), {"name": "Day Bus"}),
    "role": (_member("role"), {"role": "viewer"}),
    "removal": (_member("remove"), {}),
    "handover": (_member("handover"), {}),
    "invitation": (_at("/team/invitations/"), {"email": "bea@x.example", "role": "member"}),
    "sent again": (_invitation("resend"), {}),
    "revoked": (_invitation("revoke"), {}),
    "token": (lambda people: f"/settings/tokens/{ApiToken.objects.get().pk}/remove/", {}),
    "link": (lambda people: f"/auth/link/{SignInLink.issue(people.viewer)}/", {}),
    "deletion": (_at("/settings/account/delete/"), {}),
}


@pytest.fixture
def mara(people: People) -> Client:
    """She owns the team with somebody else, has two steps, and has just confirmed her password."""
    client = with_password(people.owner)
    Client().post("/auth/login/", {"login": people.owner.email, "password": PASSWORD})
    EmailAddress.objects.create(user=people.owner, email="mara@old.example", verified=True)
    for kind, data in {"totp": {}, "webauthn": {"name": "Phone"}, "recovery_codes": {"seed": ""}}.items():
        Authenticator.objects.create(user=people.owner, type=kind, data=data)
    Membership.objects.filter(user=people.viewer).update(role=Role.OWNER)
    Invitation.begin(people.team, email="ada@x.example", role=Role.MEMBER, by=people.owner)
    unasked(people.team, people.owner)
    return client


def rows() -> dict[str, list[Any]]:
    everything = {model.__name__: [*model._default_manager.order_by("pk").values()] for model in CHANGED}
    return everything | {"User": [*User.objects.order_by("pk").values("pk", "password", "email", "name")]}


def refuse(*_: object, **__: object) -> NoReturn:
    raise DatabaseError("the disk is full")


def test_neither_is_written_without_the_other(
    people: People, mara: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    this = mara.session.session_key
    other = UserSession.objects.filter(user=people.owner).exclude(session_key=this).get()
    CASES["session"][1]["session"] = str(other.pk)

    def send(address: str, form: dict[str, str]) -> None:
        mara.cookies[settings.SESSION_COOKIE_NAME] = this  # what was done with it is undone
        (Client() if "/auth/link/" in address else mara).post(address, form)

    for name, (address, form) in CASES.items():
        with untouched(), monkeypatch.context() as patch:
            asked, before = address(people), rows()
            for way in ("create", "bulk_create"):
                patch.setattr(AuditQuerySet, way, refuse)
            with pytest.raises(DatabaseError):
                send(asked, form)
            assert rows() == before, name
        with untouched():
            lines = AuditEntry.objects.count()
            send(address(people), form)
            assert AuditEntry.objects.count() > lines, f"{name} was not done at all"
