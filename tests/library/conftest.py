"""A band with a token of the sandbox, and songs that are really there."""

import hashlib
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from apps.accounts.models import ApiToken, FlowAccount, Membership, Role, Subscription, Team, User
from apps.library.models import Clip, ClipFile, Song
from apps.library.songs import save_song
from apps.sandbox.server import Sandbox
from apps.upstream.deadline import Deadline
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.records import ClipRecord, JobRecord
from apps.upstream.token import Token
from tests.library.sounds import picture, sound
from tests.sandbox_control import order
from tests.upstream.scripted import Script, ScriptedServer

TYPES = {"m4a": "audio/mp4", "mp3": "audio/mpeg", "wav": "audio/wav", "cover": "image/jpeg"}


@dataclass
class Band:
    """A team with an owner, a member and a viewer; a stranger has a team of his own."""

    team: Team
    subscription: Subscription
    account: FlowAccount
    people: dict[str, User] = field(default_factory=dict)

    @property
    def owner(self) -> User:
        return self.people["owner"]

    def client(self, who: str) -> Client:
        client = Client()
        if who != "anonymous":
            client.force_login(self.people[who])
        return client

    def keep(self, record: JobRecord, **changes: object) -> Song:
        values = {
            "team": self.team,
            "subscription": self.subscription,
            "account": self.account,
            "asked_by": self.owner,
            "operation": "music",
            "params": {"prompt": "slow disco, brushed snare"},
            "clips": record.clips,
            "jobid": record.jobid,
            "asked_at": timezone.now(),
        }
        with transaction.atomic():
            return save_song(**(values | changes))

    def song(self, *takes: str, asked_at: datetime | None = None, **values: object) -> Song:
        """A song with take titles, without files."""
        song = Song.objects.create(
            team=self.team, asked_by=self.owner, created_at=asked_at or timezone.now(), **values
        )
        for take, title in enumerate(takes or ("Last Ferry Home",)):
            Clip.objects.create(
                team=self.team,
                song=song,
                take=take,
                title=title,
                subscription=self.subscription,
                account=self.account,
                clip_id=f"user:1000-studio@sandbox.example-clip:{uuid.uuid4()}",
            )
        return song


@pytest.fixture
def band(db: None) -> Band:
    return make_band("http://127.0.0.1:9/v1/flowmusic")


def make_band(endpoint: str) -> Band:
    team, other = Team.objects.create(name="Night Bus"), Team.objects.create(name="Elsewhere")
    subscription = Subscription.objects.create(provider="flowmusic", endpoint=endpoint, number="1000")
    account = FlowAccount.objects.create(subscription=subscription, email="studio@sandbox.example")
    band = Band(team, subscription, account)
    for name, home, role in (
        ("owner", team, Role.OWNER),
        ("member", team, Role.MEMBER),
        ("viewer", team, Role.VIEWER),
        ("stranger", other, Role.OWNER),
    ):
        band.people[name] = User.objects.create_user(f"{name}@nightbus.example")
        Membership.objects.create(team=home, user=band.people[name], role=role)
    token = ApiToken(team=team, owner=band.owner, subscription=subscription)
    token.set_token(Token("user:1000-sandboxdemo"))
    token.save()
    return band


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: Settings) -> Path:
    """The storage of a test is its own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def cheat(settings: Settings) -> Iterator[Callable[..., ScriptedServer]]:
    """A media server that plays scripts; the operator has named it, so that the host guard lets it through."""
    servers: list[ScriptedServer] = []

    def start(*scripts: Script) -> ScriptedServer:
        server = ScriptedServer(*scripts)
        server.__enter__()
        servers.append(server)
        settings.OPERATOR_ORIGINS = settings.OPERATOR_ORIGINS | {server.origin}
        return server

    yield start
    for server in servers:
        server.__exit__()


@pytest.fixture
def studio(db: None, sandbox: Sandbox) -> Band:
    """A band whose subscription is the running sandbox."""
    return make_band(f"{sandbox.url}/v1/flowmusic")


@pytest.fixture
def made(sandbox: Sandbox) -> Callable[[str], JobRecord]:
    """A song made at the sandbox: its completed record."""

    def make(prompt: str) -> JobRecord:
        client = FlowMusic(
            f"{sandbox.url}/v1/flowmusic",
            Token("user:1000-sandboxdemo"),
            allowed_origins=frozenset({sandbox.url}),
        )
        record = client.music({"prompt": prompt, "mode": "async"}, deadline=Deadline(10))
        for _ in range(200):
            record = client.job(record.jobid)
            if record.status != "pending":
                return record
            time.sleep(0.05)
        raise AssertionError("the sandbox did not finish the song")

    return make


def record(
    *clips: ClipRecord, jobid: str = "job:1-user:1000-studio@sandbox.example-bot:flowmusic"
) -> JobRecord:
    return JobRecord(
        jobid=jobid,
        email="studio@sandbox.example",
        status="completed",
        operation=None,
        created_at=timezone.now(),
        duration_ms=90_000,
        clips=clips,
        error_code=None,
        error_message=None,
        reference=None,
        raw={},
    )


def store(clip: Clip, kind: str, content: bytes | None = None) -> ClipFile:
    """A stored file of the take."""
    content = content or (picture() if kind == "cover" else sound(kind))
    file = ClipFile(
        clip=clip,
        kind=kind,
        state=ClipFile.State.STORED,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content_type=TYPES.get(kind, "image/webp"),
        stored_at=timezone.now(),
    )
    file.file.save(f"clips/{uuid.uuid4().hex}.{kind}", ContentFile(content))
    return file


def files_in(media: Path) -> list[Path]:
    return [path for path in media.rglob("*") if path.is_file()]


def answering(body: bytes, content_type: str = "audio/mp4", *, length: int | None = None) -> Script:
    """A whole answer, or one that says a greater length and is cut."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {length or len(body)}\r\n\r\n"

    def play(connection: socket.socket, _: bytes) -> None:
        connection.sendall(head.encode() + body)

    return play


def wanted(band: Band, url: str, kind: str = "m4a", **values: object) -> ClipFile:
    take = band.song().takes.get()
    Clip.objects.filter(pk=take.pk).update(duration_s=values.pop("duration_s", 3.0))
    return ClipFile.objects.create(clip=take, kind=kind, source_url=url, next_try_at=timezone.now(), **values)


EMAIL = "studio@sandbox.example"


def seed(sandbox: Sandbox, count: int, title: str = "Seeded") -> None:
    """So many clips on that account, made elsewhere."""
    order(sandbox.url, "clips", email=EMAIL, count=count, title=title)
