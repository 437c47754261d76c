"""Icons, times and addresses, as templates write them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.template import Context, Template, TemplateSyntaxError
from django.test import override_settings
from django.utils import timezone

from apps.accounts.templatetags.formatting import clock, date_and_time, short_email, time_of_day, utc, when

FRIDAY = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def render(text: str, **context: object) -> str:
    return Template(text).render(Context(context))


def test_an_address_may_go_on_in_the_next_line_from_its_at_on() -> None:
    assert render("{{ one|breakable }}", one="night+bus@b.example") == "night+bus<wbr>@b.example"
    assert render("{{ one|breakable }}", one="<i>@<b>") == "&lt;i&gt;<wbr>@&lt;b&gt;"


def test_an_icon_is_decoration_unless_it_has_a_name() -> None:
    plain = render('{% icon "key" %}')
    assert 'aria-hidden="true"' in plain
    assert "icons.svg#key" in plain
    assert "width" not in plain, "16 px is said by the sheet"
    named = render('{% icon "key" 20 title %}', title="<Tokens>")
    assert "<title>&lt;Tokens&gt;</title>" in named
    assert 'role="img"' in named
    assert 'height="20"' in named
    assert render('{% icon "key" size=20 title=title %}', title="<Tokens>") == named
    assert render("{% icon name %}", name="key") == plain


@pytest.mark.parametrize(
    "wrong", ["{% icon %}", '{% icon "key" 20 "Tokens" 4 %}', '{% icon "key" 2 "T" title="T" %}']
)
def test_a_wrong_icon_is_said_when_the_template_is_read(wrong: str) -> None:
    with pytest.raises(TemplateSyntaxError):
        render(wrong)


def test_an_icon_follows_the_settings() -> None:
    assert "/static/" in render('{% icon "key" %}')
    with override_settings(STATIC_URL="/elsewhere/"):
        assert "/elsewhere/" in render('{% icon "key" %}')
    assert "/static/" in render('{% icon "key" %}')


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
