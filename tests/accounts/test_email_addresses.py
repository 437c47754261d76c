"""A look-alike letter is refused in every door where an e-mail address comes in; bootstrap knows other addresses."""

import io

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from apps.accounts import bootstrap
from apps.accounts.models import User
from tests.accounts.conftest import People

# A long s, the Kelvin sign, a capital I with a dot, a Cyrillic a, a full-width m. The first ones fold to plain letters.
LOOK_ALIKES = [
    "jona\u017f@nightbus.example",
    "\u212aim@nightbus.example",
    "m\u0130ra@nightbus.example",
    "m\u0430ra@nightbus.example",
    "\uff4dara@nightbus.example",
    "mara@night\u212aus.example",
]
PASSWORD = "last ferry home"


@pytest.mark.parametrize("address", LOOK_ALIKES)
def test_no_door_takes_a_look_alike(people: People, address: str) -> None:
    before = User.objects.count(), EmailAddress.objects.count()
    with pytest.raises(CommandError, match="looks like"):
        call_command("bootstrap", email=address, team="Night Bus", stdout=io.StringIO())
    with pytest.raises(ValidationError):
        bootstrap.person(email=address)
    with pytest.raises(ValidationError):
        User.objects.create_user(address)
    for path, form in (
        ("/auth/login/", {"login": address, "password": PASSWORD}),
        ("/auth/password/reset/", {"email": address}),
    ):
        page = Client().post(path, form)
        assert (page.status_code, "only looks like" in page.content.decode()) == (200, True), path
    page = people.client("member").post("/auth/email/", {"email": address, "action_add": ""})
    assert "only looks like" in page.content.decode()
    assert mail.outbox == []
    assert (User.objects.count(), EmailAddress.objects.count() - 1) == before, "only the first one was synced"


def test_a_look_alike_does_not_sign_in_as_somebody_else(people: People) -> None:
    people.member.set_password(PASSWORD)
    people.member.save()
    Client().post("/auth/login/", {"login": "jona\u017f@nightbus.example", "password": PASSWORD})
    signed_in = Client()
    signed_in.post("/auth/login/", {"login": "jonas@nightbus.example", "password": PASSWORD})
    assert "_auth_user_id" in signed_in.session
    stranger = Client()
    stranger.post("/auth/login/", {"login": "jona\u017f@nightbus.example", "password": PASSWORD})
    assert "_auth_user_id" not in stranger.session


def test_every_form_of_allauth_that_asks_for_an_address_is_ours() -> None:
    """A form that comes with a later allauth, or with a page that is opened, checks as well."""
    views = {pattern.callback for pattern in _patterns(get_resolver())}
    forms = {
        name: view.view_class
        for view in views
        if (name := getattr(getattr(view, "view_class", None), "__name__", ""))
        and hasattr(view.view_class, "form_class")
    }
    asking = {"LoginView", "EmailView", "PasswordResetView", "SignupView"}
    assert asking <= set(forms)
    for name in asking:
        form = forms[name]().get_form_class()
        assert form.__module__ == "apps.accounts.sign_in_forms", name


def _patterns(resolver: URLResolver) -> list[URLPattern]:
    found: list[URLPattern] = []
    for entry in resolver.url_patterns:
        found += _patterns(entry) if isinstance(entry, URLResolver) else [entry]
    return found


def test_bootstrap_finds_the_person_by_a_confirmed_second_address(people: People) -> None:
    EmailAddress.objects.create(user=people.member, email="jonas@home.example", verified=True)
    out = io.StringIO()
    call_command("bootstrap", email="Jonas@Home.example", team="Elsewhere", stdout=out)
    assert (
        "Found jonas@nightbus.example: member of Elsewhere. jonas@home.example is another" in out.getvalue()
    )
    assert people.member.memberships.count() == 2
    assert not User.objects.filter(email="jonas@home.example").exists()


def test_bootstrap_takes_an_address_from_whoever_only_claims_it(people: People) -> None:
    EmailAddress.objects.create(user=people.member, email="kim@nightbus.example", verified=False)
    call_command("bootstrap", email="kim@nightbus.example", team="Night Bus", stdout=io.StringIO())
    assert EmailAddress.objects.get(email="kim@nightbus.example").user.email == "kim@nightbus.example"
