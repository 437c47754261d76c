"""After a backup was restored: its rows may be older than what has been sent since (DESIGN section 3).

Nothing is sent until a person has decided. What the backup shows as not sent may have been: it is looked for like any
other job whose outcome is not known, and a person decides as usual.
"""

from datetime import timedelta

from django.utils import timezone

from apps.generation import schedule, transitions
from apps.generation.edits import chains
from apps.generation.models import Job, Lease, State
from apps.generation.sweeping import sweeps
from apps.wake import wake

UNTIL_RESUMED = timedelta(days=365 * 100)
NOT_SENT_YET = {State.QUEUED, State.SUBMITTING}


def hold() -> int:
    """Pauses sending, stops sweeps, doubts everything that isn't certain to be unsent. Returns how many jobs."""
    until = timezone.now() + UNTIL_RESUMED
    Lease.objects.update_or_create(name=Lease.PAUSE, defaults={"until": until})
    chains.hold()
    sweeps.hold()
    return sum(_doubt(job) for job in Job.objects.filter(state__in=NOT_SENT_YET))


def resume() -> bool:
    """Sends again. False: it wasn't paused."""
    if not Lease.objects.filter(name=Lease.PAUSE).delete()[0]:
        return False
    for subscription_id in Job.objects.live().order_by().values_list("subscription_id", flat=True).distinct():
        wake("generation.dispatch", subscription_id)
    return True


def undecided() -> int:
    """Jobs whose outcome is not known."""
    return Job.objects.filter(state=State.UNKNOWN).count()


def _doubt(job: Job) -> bool:
    doubted = transitions.move(
        job,
        NOT_SENT_YET,
        State.UNKNOWN,
        "This comes from a backup. It may have been sent since.",
        unknown_since=timezone.now(),
        claim=None,
        claim_expires_at=None,
        looks=0,
        error_text="This comes from a backup and may have been sent since, so it is not sent again.",
    )
    if doubted:
        schedule.look_now(job.subscription_id)
    return doubted
