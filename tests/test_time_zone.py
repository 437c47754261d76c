"""Times in the zone of the reader's browser, which says it by a cookie."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from flowweb.time_zone import COOKIE, reader_time_zone


def zone_for(cookie: str) -> str:
    """The zone in which a page is made for a browser with this cookie."""
    request = RequestFactory().get("/")
    request.COOKIES[COOKIE] = cookie
    answer = reader_time_zone(lambda _: HttpResponse(timezone.get_current_timezone_name()))(request)
    assert isinstance(answer, HttpResponse)
    return answer.content.decode()


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/St_Johns", "Europe/Berlin"])
def test_the_browsers_zone(zone: str) -> None:
    assert zone_for(zone) == zone
    assert timezone.get_current_timezone_name() == "UTC"


@pytest.mark.parametrize("odd", ["", "Mars/Base", "../../etc/passwd", "/etc/localtime", "x" * 4000, "UTC\0"])
def test_a_zone_that_is_not_known_is_utc(odd: str) -> None:
    assert zone_for(odd) == "UTC"
