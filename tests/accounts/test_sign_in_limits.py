"""Wrong passwords lock an address for the network that they come from; nobody can lock a person out of their own."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.test import Client

from apps.accounts.models import SignInLink, User
from tests.accounts.conftest import People

PASSWORD = "last ferry home"
HOME, OFFICE = "198.51.100.7", "198.51.100.8"


@pytest.fixture
def jonas(people: People) -> User:
    people.member.set_password(PASSWORD)
    people.member.save()
    return people.member


def sign_in(address: str, password: str = PASSWORD, *, network: str = HOME, **headers: str) -> bool:
    client = Client(REMOTE_ADDR=network, headers=headers)
    client.post("/auth/login/", {"login": address, "password": password})
    return "_auth_user_id" in client.session


def guess(address: str, *, times: int, network: str = "203.0.113.66", **headers: str) -> None:
    for _ in range(times):
        assert not sign_in(address, "not this one", network=network, **headers)


def test_a_stranger_locks_out_their_own_network_only(jonas: User) -> None:
    guess(jonas.email, times=6)
    assert not sign_in(jonas.email, network="203.0.113.66"), "the right password comes too late there"
    assert sign_in(jonas.email)


def test_the_other_addresses_of_a_network_are_not_locked_by_one(people: People, jonas: User) -> None:
    guess("nobody@nightbus.example", times=6)
    assert sign_in(jonas.email, network="203.0.113.66")


def test_a_guesser_with_many_networks_is_slowed_but_not_the_person_at_home(jonas: User) -> None:
    assert sign_in(jonas.email), "from here the person signs in as usual"
    for host in range(30):
        guess(jonas.email, times=1, network=f"203.0.113.{host}")
    assert not sign_in(jonas.email, network="203.0.113.200"), "the thirty-first from anywhere isn't looked at"
    assert sign_in(jonas.email)


@pytest.fixture
def locked(jonas: User) -> User:
    """By a stranger with many networks, at each of the person's addresses; they themselves are somewhere new."""
    EmailAddress.objects.create(user=jonas, email="jonas@home.example", verified=True)
    for address in (jonas.email, "jonas@home.example"):
        for host in range(30):
            guess(address, times=1, network=f"203.0.113.{host}")
        assert not sign_in(address)
    return jonas


@pytest.mark.long
def test_a_link_for_a_new_password_opens_it_again(locked: User) -> None:
    new = "copper rain 9"
    client = Client(REMOTE_ADDR=HOME)
    client.post("/auth/password/reset/", {"email": locked.email})
    (letter,) = mail.outbox
    link = next(word for word in str(letter.body).split() if "/password/reset/key/" in word)
    page = client.get(link.removeprefix("http://testserver"), follow=True)
    client.post(page.redirect_chain[-1][0], {"password1": new, "password2": new})
    assert sign_in(locked.email, new)
    assert not sign_in(locked.email, new, network=OFFICE), "for this network only"


@pytest.mark.long
def test_a_sign_in_link_opens_it_again_for_every_confirmed_address(locked: User) -> None:
    Client(REMOTE_ADDR=HOME).post(f"/auth/link/{SignInLink.issue(locked)}/")
    assert sign_in(locked.email)
    assert sign_in("jonas@home.example")
    assert not sign_in(locked.email, network=OFFICE)


def test_after_an_hour_it_is_open_again(jonas: User, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    for host in range(30):
        guess(jonas.email, times=1, network=f"203.0.113.{host}")
    assert not sign_in(jonas.email, network=OFFICE)
    now = time.time()
    monkeypatch.setattr("allauth.core.internal.ratelimit.time.time", lambda: now + 3601)
    assert sign_in(jonas.email, network=OFFICE)


@pytest.mark.long
def test_signing_in_often_counts_for_nothing(jonas: User) -> None:
    for _ in range(12):
        assert sign_in(jonas.email)
    cache_keys = [sign_in(jonas.email, network=f"203.0.113.{host}") for host in range(40)]
    assert all(cache_keys)


def test_an_address_that_nobody_has_is_locked_alike(jonas: User) -> None:
    """Else the words would say who is here."""
    pages = []
    for address in (jonas.email, "nobody@nightbus.example"):
        cache.clear()
        guess(address, times=5)
        page = Client(REMOTE_ADDR="203.0.113.66").post("/auth/login/", {"login": address, "password": "no"})
        pages.append("Too many wrong passwords" in page.content.decode())
    assert pages == [True, True]


def test_ipv6_counts_by_the_network_of_a_household(jonas: User) -> None:
    for host in range(6):
        guess(jonas.email, times=1, network=f"2001:db8:1:2::{host + 1:x}")
    assert not sign_in(jonas.email, network="2001:db8:1:2:ffff::9")
    assert sign_in(jonas.email, network="2001:db8:1:3::1")


def test_ipv4_in_the_clothes_of_ipv6_is_not_one_network(jonas: User) -> None:
    """A server that listens on both sees `::ffff:203.0.113.66`: cut at 64 bits, everybody would be one."""
    guess(jonas.email, times=6, network="::ffff:203.0.113.66")
    assert sign_in(jonas.email, network="::ffff:198.51.100.7")
    assert not sign_in(jonas.email, network="203.0.113.66"), "the same one, whichever way it came"


def test_behind_a_proxy_the_address_that_it_names_counts(jonas: User, settings: Any) -> None:
    """The last one in the header: whatever stands before it, the visitor can write."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    proxy = "10.0.0.1"
    for host in range(6):
        forged = {"X-Forwarded-For": f"192.0.2.{host}, 203.0.113.66"}
        guess(jonas.email, times=1, network=proxy, **forged)
    assert not sign_in(jonas.email, network=proxy, **{"X-Forwarded-For": "203.0.113.66"})
    assert sign_in(jonas.email, network=proxy, **{"X-Forwarded-For": f"203.0.113.66, {HOME}"})


def test_asking_again_for_the_password_is_limited_alike(jonas: User) -> None:
    client = Client(REMOTE_ADDR=HOME)
    client.force_login(jonas)
    for _ in range(5):
        client.post("/auth/reauthenticate/", {"password": "not this one"})
    page = client.post("/auth/reauthenticate/", {"password": PASSWORD})
    assert "Too many" in page.content.decode()
    assert sign_in(jonas.email, network=OFFICE)


def test_too_many_tries_are_answered_in_the_look_of_the_house(jonas: User) -> None:
    client = Client(REMOTE_ADDR=HOME)
    pages = [client.post("/auth/login/", {"login": jonas.email, "password": "no"}) for _ in range(31)]
    assert (pages[-1].status_code, "Too many attempts" in pages[-1].content.decode()) == (429, True)
