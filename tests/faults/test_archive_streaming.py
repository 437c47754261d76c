"""Real gunicorn, one worker with four threads: whoever hears or downloads slowly leaves the pages answering."""

import http.client
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.utils import timezone

from apps.accounts.models import User
from apps.library.models import Clip, ClipFile, Song
from apps.library.playback.playback import AT_ONCE
from tests.faults.remote import Remote
from tests.faults.site import Site
from tests.faults.studio import FaultyStudio, signed_in

pytestmark = pytest.mark.long

PLAYERS = THREADS = 4
SIZE = 24 * AT_ONCE  # far more than sockets take in by themselves
A_BIT = 64 * 1024


@pytest.fixture
def take(studio: FaultyStudio) -> Clip:
    song = Song.objects.create(team=studio.team, asked_by=studio.user, created_at=timezone.now())
    take = Clip.objects.create(team=studio.team, song=song, subscription=studio.subscription, clip_id="x")
    file = ClipFile(
        clip=take, kind="mp3", state="stored", size=SIZE, sha256="0" * 64, content_type="audio/mpeg"
    )
    file.stored_at = timezone.now()
    file.file.save("clips/slow.mp3", ContentFile(os.urandom(SIZE)))
    return take


class Browser:
    """A signed-in one; it leaves what it doesn't read where it is."""

    def __init__(self, site: Site, user: User) -> None:
        session = signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value
        self._site, self._cookie = site, f"{settings.SESSION_COOKIE_NAME}={session}"
        self._open = ExitStack()

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self._site.port, timeout=20)
        self._open.callback(connection.close)
        connection.request("GET", path, headers={"Cookie": self._cookie, **headers})
        answer = connection.getresponse()
        self._open.callback(answer.close)
        return answer

    def pages(self) -> set[int]:
        """Their statuses. TimeoutError when there is no thread left to answer."""
        return {self.get(path).status for path in ("/library/", "/jobs/panel/", "/healthz")}

    def close(self) -> None:
        self._open.close()


@pytest.fixture
def browser(studio: FaultyStudio, remote: Remote, tmp_path: Path) -> Iterator[Browser]:
    site = Site(remote, tmp_path)
    site.environment["GUNICORN_CMD_ARGS"] = f"--workers 1 --threads {THREADS}"
    site.environment["DJANGO_SETTINGS_MODULE"] = "tests.faults.unhashed"
    site.start("web")
    browser = Browser(site, studio.user)
    yield browser
    browser.close()
    site.stop()


def test_slow_ears_leave_all_pages_answering(browser: Browser, take: Clip) -> None:
    four_players(browser, take)
    slow_downloads(browser, take)


def four_players(browser: Browser, take: Clip) -> None:
    """As Chromium plays: an open range, read slowly; then the next from where it stopped."""
    for start in (0, AT_ONCE, 2 * AT_ONCE):
        playing = [
            browser.get(f"/library/clips/{take.pk}/audio.mp3", Range=f"bytes={start}-")
            for _ in range(PLAYERS)
        ]
        for answer in playing:
            assert (answer.status, answer.length) == (206, AT_ONCE)
            assert len(answer.read(A_BIT)) == A_BIT
        assert browser.pages() == {200}
        assert [answer.length for answer in playing] == [AT_ONCE - A_BIT] * PLAYERS, (
            "each is still to be read"
        )


def slow_downloads(browser: Browser, take: Clip) -> None:
    """It holds a thread; so one of a person goes on at once, and the next is let in later."""
    address = f"/library/clips/{take.pk}/audio.mp3?download=1"
    running = browser.get(address)
    assert (running.status, running.length) == (200, SIZE)
    refused = [browser.get(address) for _ in range(THREADS)]
    assert {(answer.status, answer.headers["Retry-After"]) for answer in refused} == {(503, "5")}
    assert browser.pages() == {200}
    assert len(running.read()) == SIZE
    assert browser.get(address).status == 200
    assert browser.pages() == {200}
