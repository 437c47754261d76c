"""Real workers that are asked to stop: nothing new is sent, and whatever hangs, they leave in time and in order."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db.models import Q

from apps.accounts.models import FlowAccount
from apps.generation.models import Job, State
from apps.library.models import ClipFile, Import, ReferenceFile
from apps.shutdown import ENDS_WITHIN_S
from tests.faults.site import Site, tick, years_pass
from tests.faults.studio import FaultyStudio
from tests.faults.test_processes import all_made, assert_made_once, finish_all, is_state
from tests.local.processes import wait_for

PROMPT = "a drone [short]"
SENDERS_AT_ONCE = 8


@pytest.fixture
def site(studio: FaultyStudio, tmp_path: Path) -> Iterator[Site]:
    site = Site(studio.remote, tmp_path)
    yield site
    site.stop()


def sent_by(studio: FaultyStudio) -> int:
    return studio.remote.calls("POST /music")


def assert_nothing_in_hands() -> None:
    """What the process had is free for the next one, without waiting for a claim to expire."""
    assert not Job.objects.filter(Q(state=State.SUBMITTING) | Q(claim_expires_at__isnull=False)).exists()
    for rows in (ClipFile, Import):
        assert not rows.objects.filter(claim_until__isnull=False).exists(), rows


def test_nothing_is_sent_after_the_signal(studio: FaultyStudio, site: Site, soak: bool) -> None:
    """Under load: batches for which there are slots enough, asked to stop in the middle, again and again."""
    for account in ("studio", "backup"):
        studio.remote.account(f"{account}@sandbox.example", maxJobs=100)
    FlowAccount.objects.update(
        max_jobs=100
    )  # as the next list says: whoever is asked to stop may not have read it
    jobs = [job for _ in range(4) for job in studio.ask(PROMPT, count=32)]
    for _ in range(5 if soak else 2):
        before = sent_by(studio)
        site.start("worker")
        tick()
        assert wait_for(lambda before=before: sent_by(studio) > before)
        at_signal = sent_by(studio)
        (took,) = site.ask_to_stop("worker")
        assert took < ENDS_WITHIN_S
        assert sent_by(studio) <= at_signal + 2 * SENDERS_AT_ONCE, "what was under way, no more"
        assert_nothing_in_hands()
    assert set(Job.objects.values_list("state", flat=True)) <= {State.QUEUED, State.RUNNING}
    charges = studio.remote.charges()
    assert all(charges.get(job.reference, 0) <= 1 for job in jobs)


@pytest.mark.long
def test_a_post_that_hangs_is_written_down_before_the_worker_goes(studio: FaultyStudio, site: Site) -> None:
    job = studio.one(PROMPT)
    studio.remote.play("hang")
    studio.remote.play("500", operation="jobs", times=99)  # or it would be found while the POST still hangs
    site.start("worker")
    site.until(lambda: studio.remote.charged(job.reference))
    (took,) = site.ask_to_stop("worker")
    assert took < ENDS_WITHIN_S
    assert is_state(job, State.UNKNOWN), "written down by the process itself"
    studio.remote.play_no_more()
    site.start("worker")
    site.until(lambda: all_made(studio))  # seen in the list, and found by its reference
    assert_made_once(studio, [job])


@pytest.mark.long
@pytest.mark.parametrize("attempt", range(2))
def test_the_slow_worker_stops_in_time(studio: FaultyStudio, site: Site, attempt: int) -> None:
    """With a call that blocks for minutes and files that hang: the one is unknown, the others are free."""
    song = studio.running(PROMPT)
    studio.remote.finish(song.jobid)
    studio.look()
    studio.remote.play("hang", operation="media", times=9)
    studio.remote.play("hang", operation="lyrics")
    words = studio.ask_for("lyrics", prompt="night buses")
    site.start("slow", "worker")
    site.until(
        lambda: studio.remote.calls("GET /media/{file}") >= 2 and studio.remote.calls("POST /music/lyrics")
    )
    (took,) = site.ask_to_stop("slow")
    assert took < ENDS_WITHIN_S
    assert is_state(words, State.UNKNOWN)
    assert_nothing_in_hands()
    assert not ReferenceFile.objects.exists()


def test_a_worker_with_nothing_to_do_stops_at_once(studio: FaultyStudio, site: Site) -> None:
    site.start("worker", "slow")
    job = studio.one(PROMPT)
    site.until(lambda: is_state(job, State.RUNNING) and site.listening() == 2)
    for name in ("worker", "slow"):
        (took,) = site.ask_to_stop(name)
        assert took < 8, site.said()
    finish_all(studio)
    years_pass()


def test_the_web_stops_in_time(studio: FaultyStudio, site: Site) -> None:
    site.start("web")
    (took,) = site.ask_to_stop("web")
    assert took < ENDS_WITHIN_S
