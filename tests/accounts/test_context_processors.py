"""`studio`: what the shell of every page shows."""

import pytest
from django.test import RequestFactory

from apps.accounts.context_processors import AccountsContext
from apps.accounts.models import FlowAccount
from apps.generation.context_processors import studio
from tests.accounts.conftest import People, unasked


def test_the_shell_asks_nothing_before_it_is_asked(people: People, django_assert_num_queries) -> None:
    request = RequestFactory().get("/")
    request.user = people.owner
    with django_assert_num_queries(0):
        studio(request)


def test_the_shell_of_a_page_without_session_or_person() -> None:
    bare = AccountsContext(RequestFactory().get("/"))
    assert (bare.team, bare.credits, bare.has_token, bare.may_create, bare.teams) == (
        None,
        None,
        False,
        False,
        [],
    )


@pytest.mark.parametrize(
    ("cookie", "theme"), [("dark", "dark"), ("light", "light"), ('"><script>', ""), ("", "")]
)
def test_only_the_two_themes_are_taken_from_the_cookie(cookie: str, theme: str) -> None:
    request = RequestFactory().get("/")
    request.COOKIES["theme"] = cookie
    assert studio(request)["theme"] == theme


def test_credits_are_of_the_persons_own_tokens(people: People) -> None:
    token = unasked(people.team, people.owner)
    for email, left in (("studio@x.example", 300), ("night@x.example", 20), ("new@x.example", None)):
        FlowAccount.objects.create(subscription=token.subscription, email=email, credits=left)
    FlowAccount.objects.create(
        subscription=token.subscription, email="gone@x.example", credits=9, block="gone"
    )
    assert credits_of(people, "owner") == 320
    assert credits_of(people, "member") is None
    play = unasked(
        people.team, people.owner, "user:7-sandboxplay", endpoint="http://127.0.0.1:9/v1/flowmusic"
    )
    FlowAccount.objects.create(subscription=play.subscription, email="play@x.example", credits=500)
    assert credits_of(people, "owner") == 320, "the sandbox's credits are no money"
    FlowAccount.objects.exclude(email="play@x.example").update(credits=None)
    assert credits_of(people, "owner") is None, "not known is not the sandbox's count"
    FlowAccount.objects.exclude(email="play@x.example").update(block="gone")
    assert credits_of(people, "owner") == 500, "the sandbox is all there is"


def credits_of(people: People, name: str) -> int | None:
    request = RequestFactory().get("/")
    request.user = getattr(people, name)
    request.session = {}
    return AccountsContext(request).credits
