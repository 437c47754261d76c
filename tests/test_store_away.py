"""The store is away, in each way that it can be: pages say so in ten seconds, and threads of the web are not held."""

from collections.abc import Iterator

import pytest
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django.fixtures import Settings

from apps import object_storage as store_module
from apps import socket_deadlines
from apps.accounts import service_errors
from apps.accounts.models import Membership, Role, Subscription, Team, User
from apps.library.models import Clip, ClipFile, Song
from flowweb import store
from tests.outsiders import KINDS, Outsider, outsider, within

pytestmark = pytest.mark.long

ERRORS = (BotoCoreError, Boto3Error)
HEAD = b"HTTP/1.1 200 OK\r\n" + b"X-Slow: yes\r\n" * 1000


@pytest.fixture(params=KINDS)
def away(
    request: pytest.FixtureRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Outsider]:
    monkeypatch.setattr(store_module, "_away_until", 0.0)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "made-up")
    with outsider(request.param, HEAD) as server:
        monkeypatch.setenv("AWS_S3_ENDPOINT_URL", f"http://127.0.0.1:{server.port}")
        settings.STORAGES = settings.STORAGES | {"default": store.storage("songs")}
        monkeypatch.setattr(ClipFile._meta.get_field("file"), "storage", storages["default"])
        yield server


@pytest.fixture
def take(db: None) -> Clip:
    team = Team.objects.create(name="Night Bus")
    user = User.objects.create_user("mara@nightbus.example")
    Membership.objects.create(team=team, user=user, role=Role.OWNER)
    subscription = Subscription.objects.create(
        provider="flowmusic", endpoint="http://127.0.0.1:9", number="1"
    )
    song = Song.objects.create(team=team, asked_by=user, created_at=timezone.now())
    take = Clip.objects.create(team=team, song=song, subscription=subscription, clip_id="x", title="Ferry")
    values = {"state": ClipFile.State.STORED, "size": 4_000_000, "content_type": "audio/mpeg"}
    ClipFile.objects.create(clip=take, kind="mp3", file="clips/x.mp3", stored_at=timezone.now(), **values)
    return take


def of(storage: Storage) -> dict[str, object]:
    return {
        "exists": lambda: storage.exists("x"),
        "size": lambda: storage.size("x"),
        "open": lambda: storage.open("x").read(),
        "save": lambda: storage.save("x", ContentFile(b"x" * 100_000)),
        "delete": lambda: storage.delete("x"),
        "list": lambda: storage.listdir("x"),
    }


@pytest.mark.parametrize("what", ["exists", "size", "open", "save", "delete", "list"])
def test_every_use_of_the_store_ends_while_somebody_waits(away: Outsider, what: str) -> None:
    use = of(storages["default"])[what]
    with within(11), socket_deadlines.for_a_request(), pytest.raises(ERRORS) as raised:
        use()
    assert service_errors.message_for(raised.value) == service_errors.STORE
    with within(2), socket_deadlines.for_a_request(), pytest.raises(ERRORS) as raised:
        use()
    assert service_errors.message_for(raised.value) == service_errors.STORE, "it is left alone for a moment"


def test_the_mixer_says_in_words_that_the_store_is_away(away: Outsider, take: Clip) -> None:
    browser = Client()
    browser.force_login(User.objects.get())
    with within(11):
        answer = browser.get(f"/library/clips/{take.pk}/audio.mp3?here=1", headers={"Range": "bytes=0-999"})
    assert answer.status_code == 503
    assert answer.content.decode() == service_errors.STORE
    assert answer["Retry-After"]


def test_a_page_says_it_as_a_page(away: Outsider) -> None:
    """The errors are real ones; what a view does with the store is not asked here."""

    def view(_request: HttpRequest) -> HttpResponse:
        return HttpResponse(storages["default"].size("x"))

    request = RequestFactory().get("/", headers={"Accept": "text/html"})
    middleware = service_errors.Outside(view)
    with within(11), pytest.raises(ERRORS) as raised:
        middleware(request)
    answer = middleware.process_exception(request, raised.value)
    assert answer is not None
    assert answer.status_code == 503
    assert service_errors.STORE in answer.content.decode()
