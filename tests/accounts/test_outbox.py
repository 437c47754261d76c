"""Mail: written down by the page, encrypted; sent by a worker, as TLS as its address says; erased afterwards."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from celery import current_app
from django.core.mail import EmailMultiAlternatives, send_mail
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from apps import smtp
from apps.accounts import outbox
from apps.accounts.models import Mail, User
from apps.generation import tasks
from flowweb import env
from tests.faults import messages
from tests.mail_server import MailServer
from tests.outsiders import KINDS, outsider, within

pytestmark = pytest.mark.databases

BANNER = b"220-still not ready\r\n"
Point = Callable[[str], None]


@pytest.fixture
def point(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Point:
    """Has the site send its mail as EMAIL_URL says."""

    def to(url: str) -> None:
        monkeypatch.setenv("EMAIL_URL", url)
        for name, value in env.email("EMAIL_URL", "").items():
            setattr(settings, name, value)

    return to


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., MailServer]]:
    servers: list[MailServer] = []

    def start(**how: object) -> MailServer:
        servers.append(MailServer(tmp_path, **how))
        monkeypatch.setenv("SSL_CERT_FILE", str(servers[-1].certificate))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.mark.parametrize(
    ("url", "backend", "port", "ssl", "tls"),
    [
        ("smtps://u:p@mail.example.com:465", "outbox", 465, True, False),
        ("smtps://u:p@mail.example.com", "outbox", 465, True, False),
        ("smtp://u:p@mail.example.com:465", "outbox", 465, True, False),
        ("smtp+ssl://u:p@mail.example.com", "outbox", 465, True, False),
        ("smtp+tls://u:p@mail.example.com", "outbox", 587, False, True),
        ("smtp+tls://u:p@mail.example.com:2525", "outbox", 2525, False, True),
        ("smtp://u:p@mail.example.com:587", "outbox", 587, False, True),
        ("submission://u:p@mail.example.com", "outbox", 587, False, True),
        ("smtp://u:p@mail.example.com:2525/?tls=on", "outbox", 2525, False, True),
        ("smtp://127.0.0.1:1025", "outbox", 1025, False, False),
    ],
)
def test_the_address_says_which_tls(
    monkeypatch: pytest.MonkeyPatch, url: str, backend: str, port: int, ssl: bool, tls: bool
) -> None:
    monkeypatch.setenv("EMAIL_URL", url)
    read = env.email("EMAIL_URL", "")
    assert backend in str(read["EMAIL_BACKEND"])
    assert (read["EMAIL_PORT"], read["EMAIL_USE_SSL"], read["EMAIL_USE_TLS"]) == (port, ssl, tls)
    assert read["EMAIL_TIMEOUT"] == 10


@pytest.mark.parametrize(("scheme", "tls"), [("smtps", "ssl"), ("smtp+tls", "tls"), ("smtp", "")])
@pytest.mark.django_db
def test_a_mail_is_sent_as_the_address_says(
    point: Point, serve: Callable[..., MailServer], scheme: str, tls: str
) -> None:
    server = serve(tls=tls)
    point(f"{scheme}://127.0.0.1:{server.port}")
    mail = EmailMultiAlternatives(
        "A song", "is done", "site@example.com", ["mara@nightbus.example"], headers={"X-A": "b"}
    )
    mail.attach_alternative("<p>is done</p>", "text/html")
    assert mail.send() == 1
    assert server.said == [], "the page talks to no mail server"
    (kept,) = Mail.objects.all()
    assert outbox.deliver(str(kept.pk))
    assert server.was_encrypted == [bool(tls)]
    for said in ("Subject: A song", "To: mara@nightbus.example", "X-A: b", "is done", "<p>is done</p>"):
        assert said in server.mails[0]
    assert not Mail.objects.exists(), "erased"


@pytest.mark.django_db(transaction=True)
def test_a_reset_link_is_no_secret_of_a_page_a_row_or_a_message(
    point: Point, serve: Callable[..., MailServer], client: Client
) -> None:
    User.objects.create_user("mara@nightbus.example", "a song for the night bus")
    server = serve()
    point(f"smtp://127.0.0.1:{server.port}")
    current_app.loader.import_default_modules()
    messages.take()
    assert client.post("/auth/password/reset/", {"email": "mara@nightbus.example"}).status_code == 302
    (kept,) = Mail.objects.all()
    for said in ("mara", "password/reset", "http"):
        assert said not in kept.ciphertext
    (woken,) = [each for each in messages.take() if each.task == "accounts.mail"]
    assert woken.ids == (str(kept.pk),)
    woken.run()
    assert "/auth/password/reset/key/" in server.mails[0].replace("=\r\n", "")


@pytest.mark.django_db
def test_what_is_not_taken_is_tried_again_and_given_up_in_the_end(
    point: Point, serve: Callable[..., MailServer], caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(refuses=2)
    point(f"smtp://127.0.0.1:{server.port}")
    send_mail("A song", "secret words", None, ["mara@nightbus.example"])
    (pk,) = outbox.due()
    assert not outbox.deliver(pk)
    assert not outbox.deliver(pk), "not yet"
    assert outbox.due() == []
    Mail.objects.update(next_try_at=timezone.now())
    assert not outbox.deliver(pk)
    Mail.objects.update(next_try_at=timezone.now())
    assert outbox.deliver(pk)
    assert len(server.mails) == 1
    server.refuses = 99
    send_mail("A song", "secret words", None, ["mara@nightbus.example"])
    for _ in range(len(outbox.AGAIN_AFTER) + 1):
        Mail.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))
        for waiting in outbox.due():
            outbox.deliver(waiting)
    assert not Mail.objects.exists()
    assert "given up" in caplog.text
    assert "mara" not in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_the_tick_finds_a_mail_whose_message_is_lost(point: Point) -> None:
    point("smtp://127.0.0.1:9")
    send_mail("A song", "is done", None, ["mara@nightbus.example"])
    messages.take()
    tasks.tick()
    assert [each.task for each in messages.take() if each.task == "accounts.mail"]


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.django_db
def test_a_server_that_does_not_answer_holds_no_page_and_no_worker(
    point: Point, monkeypatch: pytest.MonkeyPatch, client: Client, kind: str
) -> None:
    User.objects.create_user("mara@nightbus.example", "a song for the night bus")
    monkeypatch.setattr(smtp, "SESSION_S", 4.0)
    with outsider(kind, BANNER) as server:
        point(f"smtp://127.0.0.1:{server.port}")
        with within(5):
            assert client.post("/auth/password/reset/", {"email": "mara@nightbus.example"}).status_code == 302
        assert server.connections == 0
        with within(8):
            assert not outbox.deliver(str(Mail.objects.get().pk))
        assert Mail.objects.get().tries == 1
