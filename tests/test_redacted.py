"""Addresses that are secrets stay out of log lines, the access log and error reports."""

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sentry_sdk
from django.contrib.auth import get_user_model
from django.test import Client
from gunicorn.config import Config

from apps.accounts.models import SignInLink
from flowweb import sentry
from flowweb.env import SettingError
from flowweb.gunicorn import QuietLogger
from flowweb.log_redaction import redact, redact_all
from tests.leak_detector import Witness


@pytest.fixture
def witness(db: None) -> Iterator[Witness]:
    with Witness() as witness:
        sentry.start(witness.dsn)
        yield witness
        sentry_sdk.get_client().close()
        sentry_sdk.get_global_scope().set_client(None)


def test_a_secret_address_is_in_no_line(client: Client, witness: Witness) -> None:
    user = get_user_model().objects.create_user("mara@nightbus.example")
    hook, link = "CANARY" + "h" * 37, SignInLink.issue(user)
    for path in (
        f"/hooks/{hook}/",
        f"/auth/link/{link}/",
        f"/auth/link/{link}/more/",
        f"/auth/invitation/{link}/",
    ):
        client.get(path)
        client.post(path)
        client.put(path)
    client.post(f"/hooks/{hook}/", "x" * (300 * 1024), content_type="application/json")
    client.get("/auth/password/reset/key/1-CANARYkey/")
    logging.getLogger("apps").error("went to %s", f"https://music.example.com/hooks/{hook}/?x=1")
    sentry_sdk.flush()
    witness.look_around()
    lines = "".join(witness.seen["console"])
    assert "/hooks/[hidden]/" in lines
    assert "/auth/link/[hidden]/" in lines
    assert "/auth/invitation/[hidden]/" in lines
    reports_and_lines = [*witness.seen["reports"], lines]
    for secret in (hook, link, "CANARYkey"):
        assert not any(secret in text for text in reports_and_lines), secret


def test_the_access_log_hides_secret_addresses() -> None:
    """It is off, but an operator may switch it on."""

    class Asked:
        status, sent, headers = "200 OK", 2, ()

    environ = {
        "REQUEST_METHOD": "POST",
        "RAW_URI": "/hooks/CANARYhook/",
        "PATH_INFO": "/hooks/CANARYhook/",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_REFERER": "http://testserver/auth/link/CANARYlink/",
    }

    logger = QuietLogger.__new__(QuietLogger)
    atoms = logger.atoms(Asked(), Asked(), environ, timedelta(seconds=1))
    assert "CANARY" not in repr(atoms)
    assert "/hooks/[hidden]/" in str(atoms["r"])


def test_a_dsn_that_is_none_stops_the_start() -> None:
    with pytest.raises(SettingError, match="SENTRY_DSN must be like"):
        sentry.start("not a dsn")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("POST /hooks/abc-_1/ 404", "POST /hooks/[hidden]/ 404"),
        ("https://x.example/auth/link/abc/?a=b", "https://x.example/auth/link/[hidden]/?a=b"),
        ("/auth/password/reset/key/1-abc-def/", "/auth/password/reset/key/[hidden]/"),
        ("Authorization: Bearer user:7-abcdefgh", "Authorization: Bearer [token]"),
        ("user:7-mara@nightbus.example-clip:1", "user:7-mara@nightbus.example-clip:1"),
        (
            "/auth/login/?next=%2Fauth%2Flink%2Fabc%2F&a=b",
            "/auth/login/?next=%2Fauth%2Flink%2F[hidden]%2F&a=b",
        ),
        ("?next=/auth/confirm-email/M%3A1abc/", "?next=/auth/confirm-email/[hidden]/"),
        ("next=%2fhooks%2fabc", "next=%2fhooks%2f[hidden]"),
        (
            "next%3D%252Fauth%252Fpassword%252Freset%252Fkey%252F1-a",
            "next%3D%252Fauth%252Fpassword%252Freset%252Fkey%252F[hidden]",
        ),
        ("/jobs/ab12/ and /hooks/", "/jobs/ab12/ and /hooks/"),
    ],
)
def test_what_is_taken_out_and_what_stays(text: str, left: str) -> None:
    assert redact(text) == left
    assert redact_all({"a": [text, 1, None], "b": (text,)}) == {"a": [left, 1, None], "b": [left]}


def test_gunicorns_own_errors_show_no_secret_address(capsys: pytest.CaptureFixture[str]) -> None:
    logger = QuietLogger(Config())
    try:
        raise ValueError("/auth/link/Zm9vYmFyYmF6/")
    except ValueError:
        logger.exception("Error handling request %s", "/hooks/cXV4cXV1eA/")
    said = capsys.readouterr().err
    assert "Error handling request" in said
    assert "Zm9vYmFyYmF6" not in said
    assert "cXV4cXV1eA" not in said
