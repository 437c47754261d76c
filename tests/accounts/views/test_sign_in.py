from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.models import SignInLink, Team, User
from tests.accounts.conftest import People


def path(user: User) -> str:
    return f"/auth/link/{SignInLink.issue(user)}/"


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_looking_does_not_use_the_link_up(people: People) -> None:
    client, link = Client(), path(people.member)
    for _ in range(3):
        page = client.get(link)
        assert page.status_code == 200
        assert "jonas" in page.content.decode()
    assert not signed_in(client)
    assert client.post(link).headers["Location"] == "/auth/password/set/?next=%2F"
    assert signed_in(client)


def test_it_works_once(people: People) -> None:
    link = path(people.member)
    Client().post(link)
    for method in ("get", "post"):
        client = Client()
        page = getattr(client, method)(link)
        assert page.status_code == 410
        assert "Link expired" in page.content.decode()
        assert not signed_in(client)


@pytest.mark.parametrize(
    "change", [{"expires_at": timezone.now() - timedelta(seconds=1)}, {"used_at": timezone.now()}]
)
def test_old_and_used_links_are_gone(people: People, change: dict[str, object]) -> None:
    link = path(people.member)
    SignInLink.objects.update(**change)
    assert Client().post(link).status_code == 410


def test_a_person_who_was_switched_off_does_not_get_in(people: People) -> None:
    link = path(people.member)
    User.objects.filter(pk=people.member.pk).update(is_active=False)
    assert Client().post(link).status_code == 410


def test_a_made_up_secret_is_gone(people: People) -> None:
    assert Client().get("/auth/link/made-up/").status_code == 410


def test_only_a_hash_is_stored(people: People) -> None:
    secret = SignInLink.issue(people.member)
    assert secret not in str(SignInLink.objects.values().get())


def test_the_form_carries_a_csrf_token(people: People) -> None:
    client, link = Client(enforce_csrf_checks=True), path(people.member)
    assert client.post(link).status_code == 403
    client.get(link)
    assert client.post(link, {"csrfmiddlewaretoken": client.cookies["csrftoken"].value}).status_code == 302


def test_the_address_is_not_passed_on(people: People) -> None:
    for page in (Client().get(path(people.member)), Client().post(path(people.member))):
        assert page.headers["Referrer-Policy"] == "strict-origin"
        assert "no-store" in page.headers["Cache-Control"]


def test_the_session_is_a_new_one(people: People) -> None:
    client = Client()
    client.force_login(people.stranger)
    before = client.session.session_key
    client.post(path(people.member))
    assert client.session.session_key != before
    assert client.session["_auth_user_id"] == str(people.member.pk)


def test_somebody_with_a_password_comes_to_what_they_asked_for(people: People) -> None:
    people.member.set_password("last ferry home")
    people.member.save()
    assert Client().post(path(people.member) + "?next=/library/").headers["Location"] == "/library/"
    away = Client().post(path(people.member) + "?next=https://elsewhere.example/")
    assert away.headers["Location"] == "/"


@pytest.mark.django_db(transaction=True)
def test_of_eight_at_once_one_gets_in() -> None:
    user = User.objects.create_user("mara@nightbus.example")
    Team.objects.create(name="Night Bus").memberships.create(user=user)
    link, start = path(user), Barrier(8, timeout=30)

    def post(_: int) -> int:
        start.wait()
        try:
            return Client().post(link).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(post, range(8)))
    assert answers == [302] + [410] * 7
