"""Real workers start on a database that was turned back: nobody tells them, and nothing is sent."""

from collections.abc import Callable
from pathlib import Path

import pytest

from apps.generation import decisions, restore
from apps.generation.models import Hold, Job, State
from tests.faults import restores
from tests.faults.restores import Way
from tests.faults.site import Site, files_are_given_up
from tests.faults.studio import FaultyStudio

PROMPT = "a drone [short]"


def work(studio: FaultyStudio, folder: Path, *, until: Callable[[], bool]) -> None:
    """One life of the site: it is started, and killed when that is so."""
    site = Site(studio.remote, folder)
    try:
        site.start("worker", "slow")
        site.until(until)
        site.kill()
    finally:
        site.stop()


FIRST, *FURTHER = restores.HERE


@pytest.mark.parametrize("way", [FIRST, *(pytest.param(way, marks=pytest.mark.soak) for way in FURTHER)])
def test_a_site_that_starts_on_a_restored_database_holds(
    studio: FaultyStudio, tmp_path: Path, way: Way, soak: bool
) -> None:
    """In `--soak` every way, several times over; else the first way, once."""
    with restores.same_place():
        for number in range(2 if soak else 1):
            folder = tmp_path / str(number)
            folder.mkdir()
            restore_once(studio, folder, way)


def restore_once(studio: FaultyStudio, folder: Path, way: Way) -> None:
    studio.fresh()
    jobs = [studio.one(PROMPT) for _ in range(7)]
    studio.tick()  # a site that has been here before
    put_back = way(folder)
    work(studio, folder, until=lambda: len(studio.remote.charges()) >= 4)
    paid = studio.remote.charges()
    put_back()
    work(studio, folder, until=lambda: Hold.objects.filter(team=studio.team).exists())
    # What is still at Flow Music is found, what never went waits for a person.
    work(studio, folder, until=lambda: all_found(studio, paid))
    assert studio.remote.charges() == paid
    lost = list(Job.objects.filter(state=State.UNKNOWN))
    assert {job.reference for job in lost} == {job.reference for job in jobs} - paid.keys()
    assert all(decisions.requeue(job, by=studio.user) for job in lost)
    assert restore.resume(studio.team, by=studio.user)
    work(studio, folder, until=lambda: all_made(studio))
    assert studio.remote.charges() == {job.reference: 1 for job in jobs}


def all_found(studio: FaultyStudio, paid: dict[str, int]) -> bool:
    return not Job.objects.filter(reference__in=paid, state=State.UNKNOWN).exists()


def all_made(studio: FaultyStudio) -> bool:
    for job in Job.objects.filter(state=State.RUNNING):
        studio.remote.finish(job.jobid)
    files_are_given_up()
    return not Job.objects.exclude(state=State.COMPLETED).exists()
