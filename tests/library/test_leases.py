"""A lease is short and renewed: what lives keeps its row for as long as it works, what died leaves it free in 30 s."""

import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.apps import apps
from django.db import connections
from django.utils import timezone

from apps.library import leases
from apps.library.archiving import archiver, reference_copy
from apps.library.importing import runner
from apps.library.models import ClipFile, Import, ReferenceFile
from tests.library.conftest import answering, files_in, make_band, wanted
from tests.library.sounds import sound
from tests.upstream.scripted import ScriptedServer

pytestmark = pytest.mark.databases

SOON = timedelta(seconds=30, milliseconds=500)


def hang(connection: socket.socket, _: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: audio/mp4\r\nContent-Length: 999999\r\n\r\nabc")
    time.sleep(30)


@pytest.fixture(autouse=True)
def _own_renewer(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that an earlier test has started sleeps for as long as it was told then."""
    monkeypatch.setattr(leases, "_renewer", None)


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_leaves_its_file_free_after_half_a_minute(
    media: Path, cheat: Callable[..., ScriptedServer]
) -> None:
    """Kill -9 in the middle of the download: nothing half is stored, and after the claim another one completes it."""
    server = cheat(hang, answering(sound("m4a")))
    file = wanted(make_band("http://127.0.0.1:9/v1/flowmusic"), f"{server.origin}/x")
    connections.close_all()
    child = os.fork()
    if child == 0:
        archiver.archive(file.pk)
        os._exit(0)
    while not server.requests:
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    file.refresh_from_db()
    assert file.state == ClipFile.State.WANTED
    assert not archiver.archive(file.pk), "for all that is known, somebody has it"
    with time_machine.travel(timezone.now() + SOON):
        assert archiver.wake_due() == 1
        assert archiver.archive(file.pk)
    assert len(files_in(media)) == 1


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_a_lease_is_renewed_while_the_work_goes_on(
    media: Path, cheat: Callable[..., ScriptedServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than a lease lasts; nobody else gets the file meanwhile."""
    monkeypatch.setattr(leases, "LASTS", timedelta(seconds=1))
    monkeypatch.setattr(leases, "RENEWED_EVERY_S", 0.1)
    others: list[bool] = []

    def slow(connection: socket.socket, request: bytes) -> None:
        for _ in range(5):
            time.sleep(0.5)
            others.append(ClipFile.objects.due(timezone.now()).exists())
        connections.close_all()
        answering(sound("m4a"))(connection, request)

    file = wanted(make_band("http://127.0.0.1:9/v1/flowmusic"), f"{cheat(slow).origin}/x")
    assert archiver.archive(file.pk)
    assert others == [False] * 5


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_a_thread_that_hangs_does_not_keep_its_row_for_ever(
    media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEWED_EVERY_S", 0.05)
    renewed = []
    free = threading.Event()
    with leases.lease(renew=lambda: not renewed.append(1), free=free.set, most=timedelta(seconds=0.5)):
        time.sleep(1)
        so_far = len(renewed)
        time.sleep(0.5)
    assert so_far
    assert len(renewed) == so_far


def test_every_claim_of_a_worker_that_copies_is_short() -> None:
    """Whatever has a claim with a time: its lease is that of leases.py, or shorter."""
    timed = {
        model._meta.label
        for model in apps.get_models()
        if any(field.name in {"claim_until", "claim_expires_at"} for field in model._meta.fields)
    }
    # The claim of a job is about money: it outlasts the deadline of its POST. A look has ten seconds in all.
    assert timed == {"library.ClipFile", "library.Import", "generation.Job", "generation.LostSongSearch"}
    assert timedelta(seconds=30) >= leases.LASTS
    assert timedelta(seconds=3 * leases.RENEWED_EVERY_S) < leases.LASTS


@pytest.mark.django_db
def test_a_reference_file_is_put_off_for_half_a_minute_and_given_back(media: Path) -> None:
    band = make_band("http://127.0.0.1:9/v1/flowmusic")
    file = ReferenceFile.objects.create(
        team=band.team,
        subscription=band.subscription,
        source_url="http://127.0.0.1:9/x",
        next_try_at=timezone.now(),
    )
    claim = reference_copy._Claim(file)
    assert claim.take()
    assert not reference_copy._Claim(file).take()
    file.refresh_from_db()
    assert file.next_try_at <= timezone.now() + SOON
    assert claim.renew()
    assert claim.free()
    assert not claim.renew(), "it isn't ours any more"
    file.refresh_from_db()
    assert file.next_try_at <= timezone.now()


@pytest.mark.django_db
def test_a_walk_that_is_given_up_is_free_at_once(media: Path) -> None:
    band = make_band("http://127.0.0.1:9/v1/flowmusic")
    account = band.subscription.flow_accounts.create(email="a@b.example")
    walk = Import.objects.create(team=band.team, subscription=band.subscription, account=account)
    claim_id = uuid.uuid4()
    assert walk.take_claim(claim_id, lasts=leases.LASTS)
    assert walk.renew_claim(claim_id, lasts=leases.LASTS)
    assert walk.free_claim(claim_id)
    assert not walk.renew_claim(claim_id, lasts=leases.LASTS)
    assert not walk.write(claim_id, offset=9), "whoever gave it up writes no more"
    assert Import.objects.due(timezone.now()).get() == walk
    assert timedelta(seconds=runner.SLICE_S) < runner.TAKES_AT_MOST
