"""Real gunicorn with its eight threads: who reads or sends slowly is cut, and who waits longest comes next."""

import http.client
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.conf import settings

from apps.accounts.models import Membership, Role, User
from apps.library.models import Clip
from tests.faults.remote import Remote
from tests.faults.site import CSRF, Site
from tests.faults.studio import FaultyStudio, signed_in
from tests.faults.test_archive_streaming import SIZE, take  # noqa: F401 - a fixture
from tests.library.sounds import picture
from tests.local.processes import wait_for

pytestmark = pytest.mark.long

WITHIN_S = 30
THREADS, AT_ONCE = 8, 3
ZIP, UPLOAD = "/library/selection/download/", "/library/files/upload/"


class Person:
    """With a connection for each request; what isn't read stays where it is."""

    def __init__(self, site: Site, user: User) -> None:
        session = signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value
        self._port = site.port
        self._headers = {
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={CSRF}",
            "X-CSRFToken": CSRF,
        }
        self._open: list[socket.socket] = []

    def ask(self, method: str, path: str, body: str = "") -> http.client.HTTPResponse:
        connection = self._connected()
        form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        connection.request(method, path, body or None, self._headers | form)
        return connection.getresponse()

    def page(self) -> int:
        return self.ask("GET", "/library/").status

    def begin_upload(self, length: int, **fields: str) -> http.client.HTTPConnection:
        """The head of it and no more."""
        connection = self._connected()
        connection.putrequest("POST", UPLOAD)
        asked = {"email": "studio@sandbox.example", "name": "cover.png", "stripMetadata": "true"} | fields
        more = {"X-Fields": urlencode(asked), "Content-Type": "application/octet-stream"}
        for name, value in {**self._headers, **more, "Content-Length": str(length)}.items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection

    def upload(self, content: bytes) -> int:
        connection = self.begin_upload(len(content))
        connection.send(content)
        return connection.getresponse().status

    def close(self) -> None:
        for each in self._open:
            each.close()

    def _connected(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=WITHIN_S)
        connection.connect()
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        self._open.append(connection.sock)
        return connection


@pytest.fixture
def site(studio: FaultyStudio, remote: Remote, tmp_path: Path) -> Iterator[Site]:
    site = Site(remote, tmp_path)
    site.environment["GUNICORN_CMD_ARGS"] = "--workers 1"
    site.environment["WEB_THREADS"] = str(THREADS)
    site.environment["DJANGO_SETTINGS_MODULE"] = "tests.faults.impatient"
    site.start("web")
    yield site
    site.stop()


@pytest.fixture
def people(site: Site, studio: FaultyStudio) -> Iterator[list[Person]]:
    """As many as fill all there is, and one more."""
    users = [User.objects.create_user(f"{number}@slow.example") for number in range(AT_ONCE + 1)]
    for user in users:
        Membership.objects.create(team=studio.team, user=user, role=Role.MEMBER)
    people = [Person(site, user) for user in users]
    yield people
    for each in people:
        each.close()


@pytest.mark.long
def test_slow_readers_of_zips_shut_out_nobody(people: list[Person], take: Clip, site: Site) -> None:  # noqa: F811
    *slow, other = people
    form = urlencode({"clip": str(take.pk)})
    running = [each.ask("POST", ZIP, form) for each in slow]
    assert {answer.status for answer in running} == {200}
    address = f"/library/clips/{take.pk}/audio.mp3?download=1"
    early = other.ask("GET", address)
    assert (early.status, b"Yours is the next one." in early.read()) == (503, True)
    assert other.page() == 200, "threads are left for everything else"
    assert wait_for(lambda: other.ask("GET", address).status == 200, within=WITHIN_S), "nobody was cut"
    assert other.page() == 200
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        running[0].read()
    assert "Traceback" not in site.said()


def test_who_asks_again_comes_before_who_comes_later(people: list[Person], take: Clip) -> None:  # noqa: F811
    *fillers, waiting = people
    address = f"/library/clips/{take.pk}/audio.mp3?download=1"
    answers = [each.ask("GET", address) for each in fillers]
    assert waiting.ask("GET", address).status == 503
    assert len(answers[0].read()) == SIZE
    again = fillers[0].ask("GET", address)
    assert (again.status, b"1 person waits before you" in again.read()) == (503, True)
    assert waiting.ask("GET", address).status == 200


@pytest.mark.long
@pytest.mark.parametrize("length", [100_000, 50 * 1024 * 1024], ids=["taken", "too long"])
def test_who_sends_drop_by_drop_shuts_out_nobody(people: list[Person], site: Site, length: int) -> None:
    """Also where the file is refused at once, and the rest is read past."""
    *slow, other = people
    running = [each.begin_upload(length) for each in slow]

    def others_is_taken() -> bool:
        for each in running:
            try:
                each.send(b"\x89")
            except OSError:
                continue
        time.sleep(0.1)
        return other.upload(picture()) != 503

    assert other.page() == 200
    assert wait_for(lambda: other.upload(picture()) == 503, within=WITHIN_S), "they are not counted"
    assert wait_for(others_is_taken, within=WITHIN_S), "nobody was cut"
    assert "Traceback" not in site.said()
