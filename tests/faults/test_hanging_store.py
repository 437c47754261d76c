"""A store that takes the connection and never answers: the real web goes on, however many ask for what is in it."""

import http.client
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from apps.accounts import service_errors
from apps.library.models import Clip, ClipFile, Song
from tests.faults.site import Site
from tests.faults.studio import FaultyStudio, signed_in
from tests.local.processes import wait_for
from tests.outsiders import Outsider, outsider

MORE_THAN_THREADS = 24


@pytest.fixture(params=["silent", "dripping"])
def store(request: pytest.FixtureRequest) -> Iterator[Outsider]:
    with outsider(request.param, b"HTTP/1.1 200 OK\r\n" + b"X-Slow: yes\r\n" * 1000) as server:
        yield server


@pytest.fixture
def site(studio: FaultyStudio, store: Outsider, tmp_path: Path) -> Iterator[Site]:
    site = Site(studio.remote, tmp_path)
    site.environment |= {
        "AWS_STORAGE_BUCKET_NAME": "songs",
        "AWS_S3_ENDPOINT_URL": f"http://127.0.0.1:{store.port}",
        "AWS_ACCESS_KEY_ID": "made-up",
        "AWS_SECRET_ACCESS_KEY": "made-up",
    }
    yield site
    site.stop()


@pytest.fixture
def path(studio: FaultyStudio) -> str:
    """What the mixer asks for: the one thing that the web itself reads from the store."""
    song = Song.objects.create(team=studio.team, asked_by=studio.user, created_at="2026-11-29T12:00:00Z")
    values = {"team": studio.team, "song": song, "subscription": studio.subscription, "clip_id": "x"}
    take = Clip.objects.create(**values)
    ClipFile.objects.create(
        clip=take, kind="mp3", file="clips/x.mp3", state="stored", size=9_000_000, content_type="audio/mpeg"
    )
    return f"/library/clips/{take.pk}/audio.mp3?here=1"


@pytest.mark.long
def test_pages_are_there_while_the_store_hangs(
    studio: FaultyStudio, site: Site, store: Outsider, path: str
) -> None:
    site.start("web")
    session = signed_in(studio.user).cookies[settings.SESSION_COOKIE_NAME].value
    cookie = f"{settings.SESSION_COOKIE_NAME}={session}"
    answers: list[tuple[int, str, float]] = []

    def get(address: str) -> tuple[int, str, float]:
        began = time.monotonic()
        web = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
        try:
            web.request("GET", address, headers={"Cookie": cookie, "Range": "bytes=0-999"})
            answer = web.getresponse()
            return answer.status, answer.read().decode(), time.monotonic() - began
        finally:
            web.close()

    def ask() -> None:
        answers.append(get(path))

    askers = [threading.Thread(target=ask, daemon=True) for _ in range(MORE_THAN_THREADS)]
    for asker in askers:
        asker.start()
    assert wait_for(lambda: store.connections)
    # Session, person, team and database, and no template, whose static files are not collected here.
    status, said, took = get(path.replace(".mp3", ".wav"))
    assert (status, "no such file" in said) == (404, True)
    assert took < 15, "until the threads are free again"
    for asker in askers:
        asker.join(60)
    assert [answer[:2] for answer in answers] == [(503, service_errors.STORE)] * MORE_THAN_THREADS
    assert max(answer[2] for answer in answers) < 25
    assert get(path)[2] < 12
