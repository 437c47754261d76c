import io
import re

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from apps.accounts import tokens
from apps.accounts.models import ApiToken, AuditEntry, Membership, Role, SignInLink, Team, User
from apps.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
MARA = {"email": "Mara@NightBus.example", "team": "Night Bus"}


def bootstrap(**options: object) -> str:
    out = io.StringIO()
    call_command("bootstrap", stdout=out, **options)
    return out.getvalue()


def link_in(output: str) -> str:
    return re.findall(r"http://testserver(/auth/link/\S+)", output)[0]


def test_the_first_person_owns_the_new_team_and_gets_in_by_the_link() -> None:
    output = bootstrap(**MARA, name="Mara Lind")
    user = User.objects.get()
    assert (user.email, user.name, user.has_usable_password()) == (
        "mara@nightbus.example",
        "Mara Lind",
        False,
    )
    assert Membership.objects.get().rights is Role.OWNER
    client = Client()
    assert client.get(link_in(output)).status_code == 200
    assert client.post(link_in(output)).status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)


def test_running_it_again_adds_nothing_but_a_link() -> None:
    first, second = bootstrap(**MARA), bootstrap(**MARA)
    assert (User.objects.count(), Team.objects.count(), Membership.objects.count()) == (1, 1, 1)
    assert link_in(first) != link_in(second)
    assert SignInLink.objects.count() == 2


def test_others_come_as_members_unless_a_role_is_given() -> None:
    bootstrap(**MARA)
    bootstrap(email="jonas@nightbus.example", team="Night Bus")
    bootstrap(email="priya@nightbus.example", team="Night Bus", role="viewer")
    roles = dict(Membership.objects.values_list("user__email", "role"))
    assert roles == {
        "mara@nightbus.example": "owner",
        "jonas@nightbus.example": "member",
        "priya@nightbus.example": "viewer",
    }
    bootstrap(email="priya@nightbus.example", team="Night Bus", role="admin")
    bootstrap(email="jonas@nightbus.example", team="Night Bus")
    assert Membership.objects.get(user__email__startswith="priya").role == "admin"
    assert Membership.objects.get(user__email__startswith="jonas").role == "member"


def test_a_password_from_stdin_is_set_and_no_link_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("last ferry home\n"))
    assert "auth/link" not in bootstrap(**MARA, password_stdin=True)
    assert User.objects.get().check_password("last ferry home")
    assert Client().login(email="mara@nightbus.example", password="last ferry home")


def test_a_weak_password_is_refused_before_anything_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("12345\n"))
    with pytest.raises(CommandError, match="too short"):
        bootstrap(**MARA, password_stdin=True)
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "options",
    [
        {"email": "mara", "team": "Night Bus"},
        {"team": "Night Bus"},
        {"email": "mara@nightbus.example"},
        {"email": "mara@nightbus.example", "team": "x" * 81},
    ],
)
def test_wrong_options_end_with_one_line(options: dict[str, str]) -> None:
    with pytest.raises(CommandError) as caught:
        bootstrap(**options)
    assert "\n" not in str(caught.value)
    assert not User.objects.exists()


def test_if_empty_does_nothing_on_a_site_with_people() -> None:
    assert "auth/link" in bootstrap(**MARA, if_empty=True)
    assert bootstrap(email="eve@elsewhere.example", team="Elsewhere", if_empty=True) == ""
    assert User.objects.count() == 1


def test_link_is_for_the_first_owner_while_nobody_has_signed_in() -> None:
    assert bootstrap(link=True) == ""
    bootstrap(**MARA)
    bootstrap(email="jonas@nightbus.example", team="Night Bus", role="owner")
    output = bootstrap(link=True)
    assert "mara@" in output
    assert SignInLink.find(link_in(output).split("/")[3]).user.email == "mara@nightbus.example"  # type: ignore[union-attr]
    User.objects.filter(email__startswith="jonas").update(last_login=timezone.now())
    assert bootstrap(link=True) == ""


def test_the_audit_trail_tells_of_links_and_members_but_not_the_secret() -> None:
    output = bootstrap(**MARA)
    lines = list(AuditEntry.objects.values_list("action", "subject"))
    assert ("sign-in link made", "mara@nightbus.example") in lines
    assert ("member added", "mara@nightbus.example, owner") in lines
    assert link_in(output).split("/")[3] not in str(lines)


def test_the_sandbox_token_comes_with_its_accounts(sandbox: Sandbox) -> None:
    bootstrap(**MARA, sandbox=True)
    token = ApiToken.objects.get()
    assert token.subscription.endpoint == sandbox.url + "/v1/flowmusic"
    assert token.token().reveal() == tokens.SANDBOX_TOKEN.format(number=tokens.FIRST_NUMBER)
    assert token.subscription.flow_accounts.count() == 2
    bootstrap(**MARA, sandbox=True)
    assert ApiToken.objects.count() == 1


def test_the_sandbox_need_not_run_yet(settings) -> None:
    settings.SANDBOX_URL = "http://127.0.0.1:9"
    output = bootstrap(**MARA, sandbox=True)
    assert "is not running yet" in output
    assert len(re.findall("http://", output)) == 1, "the only address is the link"
    assert ApiToken.objects.get().subscription.flow_accounts.count() == 0


def test_without_a_sandbox_there_is_no_token(settings) -> None:
    settings.SANDBOX_URL = ""
    bootstrap(**MARA, sandbox=True)
    assert not ApiToken.objects.exists()
