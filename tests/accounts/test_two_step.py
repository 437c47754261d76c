"""Two-step sign-in: authenticator app and recovery codes. Passkeys: tests/browser/test_passkeys.py."""

import time
from collections.abc import Iterator

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.test import Client

from apps.accounts import key_rotation, two_step
from apps.accounts.models import AuditEntry, User
from tests.accounts.conftest import People

pytestmark = pytest.mark.django_db(transaction=True)  # mails go out on commit

PASSWORD = "last ferry home"
BASE = "/auth/two-step/"
NEW = ("k2", b"2" * 32)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """A code is good for half a minute, and once."""
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        yield clock


@pytest.fixture
def jonas(people: People) -> User:
    people.member.set_password(PASSWORD)
    people.member.save()
    EmailAddress.objects.create(user=people.member, email=people.member.email, verified=True, primary=True)
    return people.member


def sign_in(user: User) -> Client:
    client = Client()
    client.post("/auth/login/", {"login": user.email, "password": PASSWORD})
    return client


def is_in(client: Client) -> bool:
    return client.get("/settings/account/").status_code == 200


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


@pytest.fixture
def secret(jonas: User) -> str:
    """Of the app that Jonas has just added, in his browser."""
    client = sign_in(jonas)
    assert client.get(f"{BASE}totp/activate/").url.startswith("/auth/reauthenticate/")
    client.post("/auth/reauthenticate/", {"password": PASSWORD})
    page = client.get(f"{BASE}totp/activate/")
    secret: str = page.context["form"].secret
    assert secret in page.content.decode()
    assert "<svg viewBox" in page.content.decode()
    wrong = client.post(f"{BASE}totp/activate/", {"code": "000000"})
    assert not Authenticator.objects.exists()
    assert "This is not right" in wrong.content.decode()
    answer = client.post(f"{BASE}totp/activate/", {"code": code_of(secret)}, follow=True)
    assert answer.redirect_chain[-1][0] == f"{BASE}recovery-codes/"
    return secret


def second_step(user: User, code: str) -> Client:
    client = sign_in(user)
    assert not is_in(client)
    client.post(f"{BASE}authenticate/", {"code": code})
    return client


def test_the_password_alone_is_no_longer_enough(
    jonas: User, secret: str, clock: time_machine.Traveller
) -> None:
    assert "Second step" in sign_in(jonas).get(f"{BASE}authenticate/").content.decode()
    assert not is_in(second_step(jonas, "000000"))
    clock.shift(60)
    code = code_of(secret)
    assert is_in(second_step(jonas, code))
    assert not is_in(second_step(jonas, code))  # it was used
    assert [each.subject for each in mail.outbox] == ["[testserver] An authenticator app was added"]
    expected = ["code refused", "signed in", "code refused"]
    actions = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
    assert actions[-3:] == expected
    assert {"authenticator app added", "recovery codes added"} <= set(actions)


def test_each_recovery_code_works_once(jonas: User, secret: str) -> None:
    codes = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    client = second_step(jonas, codes[0])
    assert is_in(client)
    assert not is_in(second_step(jonas, codes[0]))
    assert AuditEntry.objects.filter(action="recovery codes used").count() == 1
    client.post(f"{BASE}reauthenticate/", {"code": codes[1]})
    page = client.get(f"{BASE}recovery-codes/").content.decode()
    assert "8 of 10 are unused" in page
    assert codes[2] in page
    assert codes[0] not in page
    assert codes[2] in client.get(f"{BASE}recovery-codes/download/").content.decode()


def test_the_app_is_removed_and_its_codes_with_it(jonas: User, secret: str) -> None:
    client = second_step(jonas, Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0])
    assert client.post(f"{BASE}totp/deactivate/").url.startswith("/auth/reauthenticate/")
    client.post("/auth/reauthenticate/", {"password": PASSWORD})
    client.post(f"{BASE}totp/deactivate/")
    assert not Authenticator.objects.exists()
    assert is_in(sign_in(jonas))
    assert mail.outbox[-1].subject == "[testserver] An authenticator app was removed"


def test_its_secrets_are_encrypted_and_rotate(jonas: User, secret: str, settings) -> None:
    key_rotation.check_keys()
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    old = settings.FIELD_KEYS
    settings.FIELD_KEYS = (NEW,)
    with pytest.raises(key_rotation.KeysDontFit):
        key_rotation.check_keys()
    settings.FIELD_KEYS = (NEW, *old)
    assert key_rotation.rotate() == 2
    assert key_rotation.rotate() == 0  # as after a run that was broken off
    settings.FIELD_KEYS = (NEW,)
    key_rotation.check_keys()
    assert {kid for _, kid in two_step.sealed()} == {"k2"}
    row = Authenticator.objects.get(type="totp")
    assert two_step.TwoStepAdapter().decrypt(row.data["secret"]) == secret
