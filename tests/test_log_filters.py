"""What of requests ends up in the log."""

import io
import logging
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from django.utils.module_loading import import_string

from apps.accounts.models import User


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """As the console's handler writes it."""
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    for name in settings.LOGGING["handlers"]["console"]["filters"]:
        handler.addFilter(import_string(settings.LOGGING["filters"][name]["()"])())
    logger = logging.getLogger("django.request")
    logger.addHandler(handler)
    yield lines
    logger.removeHandler(handler)


@pytest.mark.django_db
def test_a_page_that_is_signed_out_fills_no_log(log: io.StringIO) -> None:
    client = Client()
    assert client.get("/jobs/panel/", headers={"HX-Request": "true"}).status_code == 401
    assert log.getvalue() == ""
    client.force_login(User.objects.create_user("mara@nightbus.example"))
    assert client.get("/jobs/panel/").status_code == 404
    assert "/jobs/panel/" in log.getvalue()
