"""kill -9 at every step of the archive: nothing half is ever served, and it is completed by whoever comes next."""

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from apps.library.archiving import archiver, quota, verification
from apps.library.models import Clip, ClipFile, Song, TeamStorage
from tests.faults import children, steps
from tests.faults.matrix import SHARDS, numbers
from tests.faults.studio import FaultyStudio, signed_in
from tests.library.sounds import picture, sound

Kind, State = ClipFile.Kind, ClipFile.State
NEAR = ("before saving a file", "before deleting a file", steps.COMMIT)
"""Around these every step is tried, also in the short run."""


@pytest.fixture
def take(studio: FaultyStudio) -> Clip:
    song = Song.objects.create(team=studio.team, asked_by=studio.user, created_at=timezone.now())
    return Clip.objects.create(
        team=studio.team, song=song, subscription=studio.subscription, clip_id="x", title="Last Ferry Home"
    )


def keep(take: Clip, kind: str, body: bytes, **values: object) -> ClipFile:
    """As the archive itself keeps it."""
    file = ClipFile(
        clip=take, kind=kind, state=State.STORED, size=len(body), stored_at=timezone.now(), **values
    )
    file.sha256 = hashlib.sha256(body).hexdigest()
    file.content_type = {"m4a": "audio/mp4", "cover": "image/jpeg"}[kind]
    file.file.save(f"clips/{take.team_id}/{take.pk}/first.{kind}", ContentFile(body))
    quota.added(take.team_id, len(body))
    return file


def remove(take: Clip, *kinds: str) -> None:
    for file in ClipFile.objects.filter(clip=take, kind__in=kinds):
        for name in filter(None, (file.file.name, file.former)):
            default_storage.delete(name)
        file.delete()


def served(studio: FaultyStudio, file: ClipFile) -> bytes | None:
    """What a browser gets for it now; None for 404."""
    address = "cover.jpg" if file.kind == Kind.COVER else f"audio.{file.kind}"
    answer = signed_in(studio.user).get(f"/library/clips/{file.clip_id}/{address}")
    assert answer.status_code in {200, 404}
    return answer.getvalue() if answer.status_code == 200 else None


def in_order(take: Clip, where: str) -> None:
    """Every stored file is what its row says, nothing else lies there, and all of it is counted."""
    stored = ClipFile.objects.stored()
    assert [trouble for _, trouble in verification.verify(stored)] == [""] * stored.count(), where
    assert list(verification.unknown(take.team_id)) == [], where
    assert quota.usage(take.team_id).used == sum(file.size for file in stored), where


def finish(studio: FaultyStudio) -> None:
    """Claims expire, and the sweeps that follow do what is left."""
    for _ in range(4):
        studio.clock.forward(minutes=20)
        for file in ClipFile.objects.due(timezone.now()):
            archiver.archive(file.pk)


@pytest.mark.long
def test_killed_while_a_cover_gets_into_stored_audio(studio: FaultyStudio, take: Clip, soak: bool) -> None:
    """Before, during and after it there is one whole file to hear."""
    bare = sound("m4a")
    cover = keep(take, Kind.COVER, picture())
    assert cover.is_stored

    def fresh() -> ClipFile:
        remove(take, Kind.M4A)
        TeamStorage.objects.update(used_bytes=cover.size)
        return keep(take, Kind.M4A, bare, next_try_at=timezone.now() - timedelta(seconds=1))

    kill_everywhere(studio, take, fresh, soak=soak, always_there=True)
    assert ClipFile.objects.get(kind=Kind.M4A).has_cover


@pytest.mark.long
def test_killed_while_the_former_file_goes(studio: FaultyStudio, take: Clip, soak: bool) -> None:
    body = sound("m4a")

    def fresh() -> ClipFile:
        remove(take, Kind.M4A)
        TeamStorage.objects.all().delete()
        former = default_storage.save(f"clips/{take.team_id}/{take.pk}/former.m4a", ContentFile(b"old"))
        return keep(take, Kind.M4A, body, former=former, next_try_at=timezone.now() - timedelta(seconds=1))

    kill_everywhere(studio, take, fresh, soak=soak, always_there=True)


@pytest.mark.long
@pytest.mark.parametrize("kind", [Kind.M4A, Kind.COVER])
def test_killed_while_a_file_is_fetched(studio: FaultyStudio, kind: str, soak: bool) -> None:
    job = studio.running("a slow waltz [short] [one take]")
    studio.remote.finish(job.jobid)
    studio.look()
    (file,) = (file for file in studio.files(job) if file.kind == kind)
    ClipFile.objects.exclude(pk=file.pk).delete()

    def fresh() -> ClipFile:
        remove(file.clip, kind, Kind.THUMB)
        TeamStorage.objects.all().delete()
        link = {"source_url": file.source_url, "next_try_at": timezone.now() - timedelta(seconds=1)}
        return ClipFile.objects.create(clip=file.clip, kind=kind, **link)

    kill_everywhere(studio, file.clip, fresh, soak=soak, always_there=False)


def kill_everywhere(
    studio: FaultyStudio, take: Clip, fresh: Callable[[], ClipFile], *, soak: bool, always_there: bool
) -> None:
    """One worker dies at each step in turn; what is served then is whole, and in the end all is in order."""
    file = fresh()
    whole = children.run(lambda: archiver.archive(file.pk))
    for shard in range(SHARDS):
        for number in numbers(whole, shard=shard, soak=soak, near=NEAR):
            file = fresh()
            ended = children.run(lambda: archiver.archive(file.pk), steps.die_at(number))  # noqa: B023
            where = f"step {number}, {ended.steps[-1]}"
            file.refresh_from_db()
            heard = served(studio, file)
            assert (heard is not None) == (always_there or file.is_stored), where
            assert heard is None or hashlib.sha256(heard).hexdigest() == file.sha256, where
            finish(studio)
            file.refresh_from_db()
            assert (file.state, file.former, file.claim_until, file.next_try_at) == (
                State.STORED,
                "",
                None,
                None,
            ), where
            in_order(take, where)
