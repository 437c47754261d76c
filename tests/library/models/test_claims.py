"""Who has claimed a file, how often it is tried, and what a dead worker leaves in the storage."""

import socket
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.db import connections
from django.utils import timezone

from apps.accounts.models import ApiToken
from apps.library.archiving import archiver
from apps.library.models import ClipFile
from tests.library.conftest import Band, answering, files_in, make_band, wanted
from tests.library.sounds import sound
from tests.upstream.scripted import ScriptedServer

pytestmark = pytest.mark.databases

Kind, State = ClipFile.Kind, ClipFile.State


def test_a_claimed_file_is_left_alone_until_the_claim_expires(
    band: Band, cheat: Callable[..., ScriptedServer]
) -> None:
    file = wanted(band, f"{cheat(answering(sound('m4a'))).origin}/x")
    assert file.take_claim(uuid.uuid4(), lasts=timedelta(minutes=4))
    assert not archiver.archive(file.pk)
    assert list(ClipFile.objects.due(timezone.now())) == []
    ClipFile.objects.update(claim_until=timezone.now() - timedelta(seconds=1))
    assert archiver.archive(file.pk)


@pytest.mark.django_db(transaction=True)
def test_an_owner_who_wakes_up_late_throws_its_copy_away(
    media: Path, cheat: Callable[..., ScriptedServer]
) -> None:
    def take_over(server_side: socket.socket, request: bytes) -> None:
        """While this copy is on its way the claim expires and somebody else takes the file."""
        ClipFile.objects.update(claim=uuid.uuid4())
        connections.close_all()
        answering(sound("m4a"))(server_side, request)

    file = wanted(make_band("http://127.0.0.1:9/v1/flowmusic"), f"{cheat(take_over).origin}/x")
    assert not archiver.archive(file.pk)
    file.refresh_from_db()
    assert (file.state, file.tries, bool(file.claim_until)) == (State.WANTED, 0, True)
    assert files_in(media) == []


def test_what_a_dead_owner_left_in_the_storage_is_cleared_away(
    band: Band, media: Path, cheat: Callable[..., ScriptedServer]
) -> None:
    file = wanted(band, f"{cheat(answering(sound('m4a'))).origin}/x")
    dead = uuid.uuid4()
    ClipFile.objects.update(claim=dead, claim_until=timezone.now() - timedelta(seconds=1))
    left = media / "clips" / str(band.team.pk) / str(file.clip_id) / f"{dead.hex}.m4a"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    assert archiver.archive(file.pk)
    assert not left.exists()
    assert len(files_in(media)) == 1


def test_trying_again_takes_longer_each_time_and_ends_after_seven_days(band: Band) -> None:
    file = wanted(band, "", Kind.MP3)
    ApiToken.objects.all().delete()
    start, waits = timezone.now(), []
    with time_machine.travel(start, tick=False) as clock:
        while file.state == State.WANTED:
            waits.append(int((file.next_try_at - timezone.now()).total_seconds()))
            clock.move_to(file.next_try_at)
            archiver.archive(file.pk)
            file.refresh_from_db()
        assert waits[:8] == [0, 20, 60, 300, 1800, 7200, 21600, 21600]
        assert timedelta(days=7) <= timezone.now() - start < timedelta(days=8)
        assert file.state == State.GIVEN_UP
        assert file.ask_again()
        file.refresh_from_db()
        assert (file.state, file.tries) == (State.WANTED, 0)
        assert list(ClipFile.objects.due(timezone.now())) == [file]


def test_a_storage_that_is_down_is_a_reason_to_try_again(
    band: Band, media: Path, cheat: Callable[..., ScriptedServer]
) -> None:
    media.write_text("a file where the folder should be")
    file = wanted(band, f"{cheat(answering(sound('m4a'))).origin}/x")
    assert not archiver.archive(file.pk)
    file.refresh_from_db()
    assert (file.state, file.claim_until) == (State.WANTED, None)
    assert file.last_error == "This could not be stored here."
