"""Icons, times and addresses in templates; what the shell asks for; health."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import OperationalError, connection
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.utils import timezone

from apps.accounts import health
from apps.accounts.context_processors import AccountsContext
from apps.accounts.models import ApiToken, FlowAccount
from apps.accounts.templatetags.formatting import clock, date_and_time, short_email, time_of_day, utc, when
from apps.generation.context_processors import studio
from apps.wake import wake
from tests.accounts.conftest import People, unasked

FRIDAY = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def render(text: str, **context: object) -> str:
    return Template(text).render(Context(context))


def test_an_address_may_go_on_in_the_next_line_from_its_at_on() -> None:
    assert render("{{ one|breakable }}", one="night+bus@b.example") == "night+bus<wbr>@b.example"
    assert render("{{ one|breakable }}", one="<i>@<b>") == "&lt;i&gt;<wbr>@&lt;b&gt;"


def test_an_icon_is_decoration_unless_it_has_a_name() -> None:
    plain = render('{% icon "key" %}')
    assert 'aria-hidden="true"' in plain
    assert 'width="16"' in plain
    assert "icons.svg#key" in plain
    named = render('{% icon "key" 20 title %}', title="<Tokens>")
    assert "<title>&lt;Tokens&gt;</title>" in named
    assert 'role="img"' in named
    assert 'height="20"' in named


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (59.6, "1:00"), (72, "1:12"), (3723, "1:02:03"), (-3, "0:00"), (None, ""), ("", "")],
)
def test_clock(seconds, text: str) -> None:
    assert clock(seconds) == text


def test_short_email() -> None:
    assert short_email("studio@nightbus.example") == "studio@"
    assert short_email(None) == ""


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(hours=2), "10:00"),
        (timedelta(hours=13), "yesterday"),
        (timedelta(days=3), "Tue"),
        (timedelta(days=17), "3 Nov"),
        (timedelta(days=400), "16 Oct 2025"),
        (timedelta(days=-3), "23 Nov"),
    ],
)
@time_machine.travel(FRIDAY, tick=False)
def test_when(ago: timedelta, text: str) -> None:
    assert words(when(FRIDAY - ago)) == text


def words(html: str) -> str:
    return re.sub(r"<[^>]*>", "", html)


@pytest.mark.parametrize("write", [when, time_of_day, date_and_time, utc])
def test_a_time_is_in_the_readers_zone_and_can_be_read_by_machines(write: Callable[..., str]) -> None:
    assert write(None) == ""
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        html = write(FRIDAY)
    assert 'datetime="2026-11-20T21:00:00+09:00"' in html
    assert 'title="20 Nov 2026, 21:00 JST"' in html


@time_machine.travel(FRIDAY, tick=False)
def test_times_as_pages_write_them() -> None:
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        assert words(when(FRIDAY)) == words(time_of_day(FRIDAY)) == "21:00"
        assert words(when(FRIDAY + timedelta(hours=4))) == "21 Nov"  # it is tomorrow there
        assert words(time_of_day(FRIDAY, "seconds")) == "21:00:00"
        assert words(date_and_time(FRIDAY)) == "20 Nov 2026, 21:00"
        assert words(utc(FRIDAY)) == "20 Nov 2026, 12:00:00 UTC"


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


def test_healthz_asks_nothing_of_the_database(db: None, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert Client().get("/healthz").content == b"ok"


def test_readyz(db: None, monkeypatch: pytest.MonkeyPatch, settings) -> None:
    assert Client().get("/readyz").content.startswith(b"ready")

    def broken(*_: object) -> None:
        raise OperationalError("no")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", broken)
        answer = health.readyz(RequestFactory().get("/readyz"))
    assert (answer.status_code, answer.content) == (503, b"no database")


def test_readyz_without_a_cache(db: None, settings) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "apps.cache.Cache",
            "LOCATION": "unix:///nowhere/redis.sock",
        }
    }
    assert Client().get("/readyz").content == b"no cache"


def test_a_broker_that_is_down_fails_no_request(
    people: People, settings, django_capture_on_commit_callbacks
) -> None:
    from celery import current_app

    before = current_app.conf.broker_url
    current_app.conf.broker_url = "redis+socket:///nowhere/redis.sock"
    try:
        with django_capture_on_commit_callbacks(execute=True) as callbacks:
            wake("generation.dispatch", 1)
        assert len(callbacks) == 1
    finally:
        current_app.conf.broker_url = before
    assert not ApiToken.objects.exists()
