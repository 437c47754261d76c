"""The house that tests/test_urls.py goes through: everything that an address can point at, and who is in it, or was."""

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.test import override_settings
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from apps.accounts import memberships, tokens
from apps.accounts.models import ApiToken, FlowAccount, Invitation, Membership, Role, SignInLink, Team, User
from apps.accounts.models.users import hash_secret
from apps.generation.models import Chain, Job, LendingRequest, Preset, Sweep
from apps.library.importing import actions
from apps.library.models import Clip, ClipFile, Collection, LyricDraft, ReferenceFile, Song
from apps.upstream.token import Token

# The columns of the table, and the others, whose cells follow from these (url_rows.py).
PEOPLE = ("anonymous", "stranger", "viewer", "member", "owner")
OTHERS = ("admin", "invited", "removed", "deactivated", "elsewhere")
HOOK = "h" * 43


@dataclass
class House:
    """What the addresses point at."""

    team: Team
    people: dict[str, User]
    job: Job
    preset: uuid.UUID
    chain: uuid.UUID
    lyric_draft: uuid.UUID
    sweep: Sweep
    clip: Clip
    collection: uuid.UUID
    token: uuid.UUID
    account: str
    file: uuid.UUID
    walk: uuid.UUID
    link: str
    viewer: int
    invitation: uuid.UUID
    invited: str
    lending_request: uuid.UUID


@contextmanager
def standing(blocker: DjangoDbBlocker, folders: pytest.TempPathFactory) -> Iterator[House]:
    """Built once for a whole module, in a transaction that never ends well. For a fixture of the module, which asks for
    `django_db_setup`; each test goes through it in `untouched()`, which asks the database for nothing else: `db` would
    have it check every row after each of hundreds of tests.
    """
    media = folders.mktemp("media")
    with blocker.unblock(), override_settings(MEDIA_ROOT=media), transaction.atomic():
        yield build()
        transaction.set_rollback(True)


@contextmanager
def untouched() -> Iterator[None]:
    """Whatever is done inside is undone."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def build() -> House:
    team, theirs = Team.objects.create(name="Night Bus"), Team.objects.create(name="Elsewhere")
    people = {
        name: person(name, theirs if name == "stranger" else team, Role.OWNER if name == "stranger" else name)
        for name in PEOPLE[1:]
    }
    people |= others(team, people["owner"])
    kept = add_token(team, people["owner"], "http://127.0.0.1:9/v1/flowmusic")
    members = add_token(team, people["member"], "http://127.0.0.1:9/v1/flowmusic")
    add_token(theirs, people["stranger"], "http://127.0.0.1:9/elsewhere")
    account = FlowAccount.objects.create(subscription=kept.subscription, email="studio@sandbox.example")
    job = Job.objects.create(
        team=team,
        asked_by=people["member"],
        token=members,
        subscription=kept.subscription,
        params={"prompt": "slow disco"},
        hook_hash=hash_secret(HOOK),
    )
    clip = take(team, people["member"], account)
    collection = Collection.objects.create(team=team, name="Harbour EP")
    collection.items.create(clip=clip, place=0)
    invitation = Invitation.begin(team, email="nele@nightbus.example", role=Role.MEMBER, by=people["owner"])
    return House(
        team=team,
        people=people,
        job=job,
        preset=Preset.objects.create(team=team, name="Disco", key="disco", fields={"prompt": "disco"}).pk,
        chain=Chain.objects.create(team=team, asked_by=people["member"], nonce=uuid.uuid4()).pk,
        lyric_draft=LyricDraft.objects.create(team=team, made_by=people["member"], idea="a road trip").pk,
        sweep=sweep(members, people["member"]),
        clip=clip,
        collection=collection.pk,
        token=kept.pk,
        account=account.email,
        file=reference(team, account),
        walk=actions.begin(team, account, by=people["owner"]).pk,
        link=SignInLink.issue(people["owner"]),
        viewer=Membership.objects.get(user=people["viewer"]).pk,
        invitation=invitation.pk,
        invited=invitation.renew(mailed=False),
        lending_request=LendingRequest.objects.create(
            token=kept, asked_by=people["member"], operation="cover", clip=clip
        ).pk,
    )


def others(team: Team, owner: User) -> dict[str, User]:
    """An admin; who is invited and has not joined; who was removed; who is deactivated; and an admin who works in a
    team of their own now. Those who are in no team any more are taken out of it by `leave`, once they are signed in.
    """
    found = {name: person(name, team, Role.ADMIN) for name in OTHERS}
    Membership.objects.filter(user=found["invited"]).delete()
    Invitation.begin(team, email=found["invited"].email, role=Role.ADMIN, by=owner)
    own = Team.objects.create(name="Third")
    Membership.objects.create(team=own, user=found["elsewhere"], role=Role.OWNER)
    add_token(own, found["elsewhere"], "http://127.0.0.1:9/third")
    return found


def leave(house: House) -> None:
    """While their browser stays as it was."""
    owner, gone = (
        Membership.objects.get(team=house.team, user=house.people[who]) for who in ("owner", "removed")
    )
    memberships.remove(gone, by=owner)
    User.objects.filter(pk=house.people["deactivated"].pk).update(is_active=False)


def add_token(team: Team, owner: User, endpoint: str) -> ApiToken:
    """A token that no remote side was asked about: nobody listens at the endpoint."""
    return tokens.save(Token.parse("user:1000-sandboxdemo"), team=team, owner=owner, endpoint=endpoint).token


def person(name: str, team: Team, role: str) -> User:
    # A password of ours is not hashed again for every test: signing in is tested elsewhere.
    user = User.objects.create(email=f"{name}@nightbus.example", password=HASHED)
    Membership.objects.create(team=team, user=user, role=role)
    return user


HASHED = "pbkdf2_sha256$1$salt$" + "A" * 43 + "="


def take(team: Team, user: User, account: FlowAccount) -> Clip:
    """A take with its peaks, every file stored but the WAV, which can be asked for again."""
    song = Song.objects.create(team=team, asked_by=user, prompt="slow disco", created_at=timezone.now())
    clip = Clip.objects.create(
        team=team,
        song=song,
        subscription=account.subscription,
        account=account,
        clip_id="user:1000-studio@sandbox.example-clip:1",
        peaks=[9] * 384,
        rms=[5] * 384,
    )
    for kind in ("m4a", "mp3", "cover", "thumb"):
        store(clip, kind)
    ClipFile.objects.create(clip=clip, kind="wav", next_try_at=timezone.now())
    return clip


def store(clip: Clip, kind: str) -> None:
    file = ClipFile(clip=clip, kind=kind, state="stored", size=7, stored_at=timezone.now())
    file.sha256 = hashlib.sha256(b"content").hexdigest()
    file.content_type = "audio/mp4"
    file.file.save(f"{uuid.uuid4().hex}.{kind}", ContentFile(b"content"))


def reference(team: Team, account: FlowAccount) -> uuid.UUID:
    """A recording that Flow Music has, with a small picture that it wouldn't have in life."""
    file = ReferenceFile(
        team=team, subscription=account.subscription, account=account, kind="audio", name="a.mp3"
    )
    file.content_type, file.size, file.asset_id = "audio/mpeg", 7, "user:1000-studio@sandbox.example-audio:1"
    file.thumb.save(f"{uuid.uuid4().hex}.webp", ContentFile(b"content"), save=False)
    file.file.save(f"{uuid.uuid4().hex}.mp3", ContentFile(b"content"))
    return file.pk


def sweep(token: ApiToken, user: User) -> Sweep:
    """Stopped, with nothing in it."""
    return Sweep.objects.create(
        team=token.team,
        made_by=user,
        token=token,
        subscription=token.subscription,
        inputs={"prompt": ["slow disco"], "lyrics": [""], "ghostwriter": [""], "model": [""]},
        cap=20,
        phase=Sweep.Phase.STOPPED,
    )
