"""Many at once: sixteen dispatchers, impatient people, the same claim wanted by all."""

import time

from django.db import connection
from django.utils import timezone

from apps.accounts.models import FlowAccount
from apps.generation.jobs import decisions, transitions
from apps.generation.models import Job, State
from apps.generation.queue import fair_order, slots
from tests.faults import children, steps
from tests.faults.children import Child
from tests.faults.studio import FaultyStudio

STUDIO = "studio@sandbox.example"
DISPATCHERS = 16
WISHES = 40
WITHIN_S = 300  # a busy machine may need it; on a free one it is a minute
PAUSE_S = 0.2  # between two tries: sixteen that never rest would leave two cores no time to send


def test_sixteen_dispatchers_send_forty_requests_once(studio: FaultyStudio) -> None:
    """Two accounts with four and two places: never a 429, so never one job too many at once."""
    rich(studio)
    jobs = studio.ask(count=WISHES)
    racers = [Child(lambda: send_until_all_are_sent(studio)) for _ in range(DISPATCHERS)]
    make_songs_until_all_are_made(studio)
    for racer in racers:
        racer.wait()
    assert studio.remote.charges() == {job.reference: 1 for job in jobs}
    assert studio.remote.responds("POST /music") == {201: WISHES}
    assert set(Job.objects.values_list("state", "attempts")) == {(State.COLLECTING, 1)}
    assert Job.objects.values("ran_on").distinct().count() == 2


def rich(studio: FaultyStudio) -> None:
    for account in FlowAccount.objects.all():
        studio.remote.account(account.email, credits=5000)
    FlowAccount.objects.update(credits=5000)


def send_until_all_are_sent(studio: FaultyStudio) -> None:
    give_up_at = time.monotonic() + WITHIN_S
    while Job.objects.filter(state=State.QUEUED).exists():
        assert time.monotonic() < give_up_at, "not all were sent in time"
        studio.dispatch()
        time.sleep(PAUSE_S)


def make_songs_until_all_are_made(studio: FaultyStudio) -> None:
    give_up_at = time.monotonic() + WITHIN_S
    while Job.objects.exclude(state=State.COLLECTING).exists():
        assert time.monotonic() < give_up_at, "not all were made in time"
        for job in Job.objects.filter(state=State.RUNNING):
            studio.remote.finish(job.jobid)
        studio.look()


def test_a_slot_that_was_counted_before_it_was_taken_is_not_taken_twice(studio: FaultyStudio) -> None:
    """One dispatcher counts; another takes the last place; the first one must count anew."""
    FlowAccount.objects.filter(email__startswith="night").delete()
    FlowAccount.objects.update(max_jobs=1)
    first, second = studio.ask(count=2)
    (counted,) = slots.of_subscriptions([studio.subscription.pk], timezone.now())
    assert fair_order.claim_next(studio.subscription)
    loser = next(job for job in (first, second) if Job.objects.get(pk=job.pk).state == State.QUEUED)
    account = counted.account
    assert transitions.claim(loser, account, slot_version=account.slot_version) is None
    assert fair_order.claim_next(studio.subscription) is None


def test_overtaken_at_any_step_before_the_claim(studio: FaultyStudio) -> None:
    """One dispatcher stops while it counts; another takes the last place and sends; the first one goes on."""
    FlowAccount.objects.filter(email__startswith="night").delete()
    studio.remote.account(STUDIO, maxJobs=1)
    FlowAccount.objects.update(max_jobs=1)
    studio.ask(count=2)
    whole = children.run(studio.dispatch)
    first_write = next(
        n for n, name in enumerate(whole.steps, 1) if name.startswith(("before BEGIN", "before UPDATE"))
    )
    for number in range(1, first_write + 1):
        studio.fresh()
        studio.remote.account(STUDIO, maxJobs=1)
        studio.ask(count=2)
        slow = Child(studio.dispatch, steps.at_step(number, children.stop_here))
        slow.wait_until_stopped()
        assert studio.dispatch() == 1
        slow.go_on()
        slow.wait()
        assert studio.remote.responds("POST /music") == {201: 1}, whole.steps[number - 1]


def test_overtaken_on_another_account(studio: FaultyStudio) -> None:
    """Both chose the same job, but different accounts, so no slot stands between them: only its state does."""
    (job,) = studio.ask()
    first_write = (
        "before BEGIN IMMEDIATE" if connection.vendor == "sqlite" else "before UPDATE accounts_flowaccount"
    )
    slow = Child(studio.dispatch, steps.once(first_write, children.stop_here))
    slow.wait_until_stopped()
    FlowAccount.objects.filter(email=STUDIO).update(block=FlowAccount.Block.ERROR)
    quick = Child(studio.dispatch, steps.once(steps.CONNECT, children.stop_here))
    quick.wait_until_stopped()
    slow.go_on()
    assert steps.CONNECT not in slow.wait().steps
    quick.go_on()
    quick.wait()
    job.refresh_from_db()
    assert not job.ran_on.email.startswith("studio")
    assert studio.remote.charges() == {job.reference: 1}
    assert studio.remote.calls("POST /music") == 1


def test_one_claim_for_many_who_want_it(studio: FaultyStudio) -> None:
    for _ in range(3):
        studio.fresh()
        job = studio.one()
        children.race([studio.dispatch] * 8)
        assert studio.remote.responds("POST /music") == {201: 1}
        assert studio.remote.charges() == {job.reference: 1}


def test_many_clicks_retry_once(studio: FaultyStudio) -> None:
    job = studio.unknown()
    studio.remote.finish(studio.remote.jobid(job.reference))
    children.race([lambda: decisions.retry(Job.objects.get(pk=job.pk), by=studio.user)] * 6)
    assert Job.objects.filter(retry_of=job).count() == 1
    job.refresh_from_db()
    assert job.state == State.ABANDONED


def test_a_page_that_is_older_than_the_finding_does_not_pay_again(studio: FaultyStudio) -> None:
    """The page still says "not known"; the job was found a moment ago."""
    shown = studio.unknown()
    studio.look()
    assert shown.state == State.UNKNOWN
    assert decisions.retry(shown, by=studio.user) is None
    assert shown.state == State.RUNNING
    assert Job.objects.count() == 1


def test_found_or_paid_again_but_never_neither(studio: FaultyStudio) -> None:
    """The look that finds it and the person who decides meet: whoever comes first, it is paid as the person saw it."""
    for _ in range(4):
        studio.fresh()
        job = studio.unknown()
        shown = Job.objects.get(pk=job.pk)
        children.race([studio.look, lambda shown=shown: decisions.retry(shown, by=studio.user)])
        job.refresh_from_db()
        again = Job.objects.filter(retry_of=job).exists()
        # Closed by the person and found afterwards: it was paid for, so it is kept as well.
        assert job.jobid
        assert (job.state == State.ABANDONED) == again
