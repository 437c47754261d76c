"""What people decide about jobs: stop waiting, close, keep back, hide, look again, make it again."""

import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.accounts.models import ApiToken, FlowAccount, Membership, Subscription, User
from apps.generation import schedule
from apps.generation.models import Job, PanelVersion, State
from apps.generation.models.jobs import LIVE
from apps.generation.operations import BLOCKING
from apps.generation.transitions import move, note
from apps.wake import wake

RETRYABLE = frozenset({State.FAILED, State.CANCELLED, State.ABANDONED, State.UNKNOWN})


SETTLING = (
    "What became of its stems is not known, and the take may still be split. Asked again in a few minutes, it gives "
    "the same stems and pays nothing twice."
)


class FoundMeanwhile(Exception):
    """The first song turned up while somebody was deciding to make it again: nothing more is to be paid."""


def may_decide(membership: Membership, job: Job) -> bool:
    """The person who asked, and the team's owners and admins; a viewer decides nothing."""
    rights = membership.rights
    return rights.may_manage or (rights.may_create and job.asked_by_id == membership.user_id)


# What blocks can't be stopped: there is no jobid.
_CAN_STOP = Q(state__in=[State.SUBMITTING, State.RUNNING, State.UNKNOWN], cancel_requested_at=None) & ~Q(
    operation__in=BLOCKING
)


def may_stop(job: Job) -> bool:
    return Job.objects.filter(_CAN_STOP, pk=job.pk).exists()


def drop(job: Job, *, by: User) -> bool:
    """From the line. False: it was sent meanwhile, and whoever meant to spend nothing is not to lose the song."""
    text, now = f"Dropped from the line by {by.short_name}. Nothing spent.", timezone.now()
    dropped: dict[str, Any] = {"cancel_requested_at": now, "finished_at": now}
    return move(job, {State.QUEUED}, State.CANCELLED, text, by=by, **dropped)


def cancel(job: Job, *, by: User) -> bool:
    """A queued job is dropped at once; one that was sent is stopped as soon as its jobid is known."""
    if drop(job, by=by):
        return True
    now = timezone.now()
    text = f"{by.short_name} stopped waiting."
    asked = note(job, text, where=_CAN_STOP, by=by, cancel_requested_at=now, check_at=now)
    if asked:
        wake("generation.read", job.subscription_id)
    return asked


def abandon(job: Job, *, by: User) -> bool:
    text = f"Closed by {by.short_name}. It was never found; it may have cost credits."
    return move(job, {State.UNKNOWN}, State.ABANDONED, text, by=by, finished_at=timezone.now(), check_at=None)


def pause(job: Job, paused: bool, *, by: User) -> bool:
    text = f"{by.short_name} keeps this back." if paused else f"{by.short_name} lets this go on."
    return note(job, text, where=Q(state=State.QUEUED, paused=not paused), by=by, paused=paused)


def try_now(job: Job, *, by: User) -> bool:
    """Sends it without waiting any longer: the remote side had asked for a while, and may ask again. Nothing is spent
    by that, for what it refuses comes back into the line."""
    queued = Q(state=State.QUEUED, paused=False)
    text = f"{by.short_name} has it tried now."
    if not note(job, text, where=queued, by=by, not_before=None, wait_reason=""):
        return False
    Subscription.objects.filter(pk=job.subscription_id, blocked_reason="").update(blocked_until=None)
    told = FlowAccount.objects.filter(subscription=job.subscription_id, block=FlowAccount.Block.BUSY)
    told.update(block="", block_reason="", block_until=None)
    return True


def keep_back_if_returned(jobs: QuerySet[Job]) -> int:
    """What is just being sent goes on; given back by the remote side, it is not sent once more by itself."""
    return jobs.filter(state=State.SUBMITTING).update(paused=True)


def hide(job: Job) -> bool:
    with transaction.atomic():
        PanelVersion.bump(job.team_id)
        return Job.objects.filter(pk=job.pk, hidden_at=None).update(hidden_at=timezone.now()) == 1


def look_now(job: Job) -> None:
    """Looks for a job whose outcome is not known, without waiting for the next look."""
    Job.objects.filter(pk=job.pk, state=State.UNKNOWN, jobid__isnull=False).update(check_at=timezone.now())
    schedule.look_now(job.subscription_id)
    wake("generation.watch", job.subscription_id)


def requeue(job: Job, *, by: User) -> bool:
    """Back in the queue as it was, for whoever was to pay: a person has decided that it may be paid once more.

    Only what comes from a backup, and nobody stopped. Should its first call turn up before it is sent, it is not sent
    (`accept`); until then it stays one from a backup, and can be adopted if it is dropped.
    """
    if job.settles_at:
        return False
    unsent: dict[str, Any] = {"sent_at": None, "ran_on": None, "price": None, "hook_hash": "", "looks": 0}
    text = f"Requeued by {by.short_name}: not found at Flow Music."
    fits = Q(jobid=None, restored_at__isnull=False, cancel_requested_at=None)
    no_more: dict[str, Any] = {"unknown_since": None, "error_text": "", "evidence": {}}
    try:
        return move(job, {State.UNKNOWN}, State.QUEUED, text, where=fits, by=by, **unsent, **no_more)
    except IntegrityError:  # its take is being split by another job
        return False


def make_again(job: Job, *, by: User, nonce: uuid.UUID | None = None) -> Job | None:
    """The same wish as a new job, paid with the person's own token; None without such a token.

    One that is alive already, or was made by the page with that nonce, is the answer to a second click. A job whose
    outcome is not known is closed by it: the person has decided.
    """
    nonce = nonce or uuid.uuid4()
    if before := job.retries.filter(nonce=nonce).first():
        return before
    token = ApiToken.objects.for_team(job.team).owned_by(by).filter(subscription=job.subscription_id).first()
    if token is None:
        return None
    try:
        with transaction.atomic():
            # As it is now, not as the page showed it: it may have been found meanwhile, and would be paid twice.
            job.refresh_from_db(from_queryset=Job.objects.select_for_update())
            if job.state not in RETRYABLE or job.settles_at:
                return None
            new = Job.objects.create(**job.asked(), asked_by=by, token=token, nonce=nonce, retry_of=job)
            move(new, {State.QUEUED}, State.QUEUED, f"Asked for again by {by.short_name}.", by=by)
            if job.state == State.UNKNOWN and not abandon(job, by=by):
                raise FoundMeanwhile
    except IntegrityError:
        return job.retries.filter(Q(state__in=LIVE) | Q(nonce=nonce)).first()
    except FoundMeanwhile:
        return None
    schedule.look_now(job.subscription_id)
    return new
