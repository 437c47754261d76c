"""Carries out what people decide about jobs: remove, put back, cancel, mark as lost, pause, dismiss,
check now, retry."""

import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.accounts import lending
from apps.accounts.models import ApiToken, FlowAccount, Subscription, User
from apps.accounts.models.monthly_credits import month_of
from apps.generation.jobs import counted_credits, poll_times
from apps.generation.jobs.titles import title_of
from apps.generation.jobs.transitions import move, note
from apps.generation.models import Job, PanelVersion, State
from apps.generation.models.jobs import LIVE
from apps.generation.operations import SYNCHRONOUS
from apps.wake import wake

RETRYABLE = frozenset({State.FAILED, State.CANCELLED, State.ABANDONED, State.UNKNOWN})


SETTLING = (
    "It is not known whether this take was split; that may still be under way. Retry in a few minutes: it gives the "
    "same stems, and nothing is paid twice."
)


class FoundMeanwhile(Exception):
    """The first song turned up while somebody was deciding to retry it: nothing more is to be paid."""


# A synchronous job can't be cancelled: there is no jobid.
_CAN_CANCEL = Q(state__in=[State.SUBMITTING, State.RUNNING, State.UNKNOWN], cancel_requested_at=None) & ~Q(
    operation__in=SYNCHRONOUS
)


def may_cancel(job: Job) -> bool:
    return Job.objects.filter(_CAN_CANCEL, pk=job.pk).exists()


@transaction.atomic
def remove(job: Job, *, by: User) -> bool:
    """From the queue. False: it was sent meanwhile, and whoever meant to spend nothing is not to lose the song."""
    text, now = f"Removed from the queue by {by.short_name}. Nothing spent.", timezone.now()
    values: dict[str, Any] = {"cancel_requested_at": now, "finished_at": now, "decided_by": by}
    removed = move(job, {State.QUEUED}, State.CANCELLED, text, by=by, **values)
    if removed:
        _audit(job, "job removed from the queue", by=by)
    return removed


@transaction.atomic
def cancel(job: Job, *, by: User) -> bool:
    """A queued job is removed at once; one that was sent is cancelled as soon as its jobid is known."""
    if remove(job, by=by):
        return True
    now = timezone.now()
    text = f"Cancelled by {by.short_name}."
    values: dict[str, Any] = {"cancel_requested_at": now, "check_at": now, "decided_by": by}
    asked = note(job, text, where=_CAN_CANCEL, by=by, **values)
    if asked:
        _audit(job, "job cancelled", by=by)
        wake("generation.read", job.subscription_id)
    return asked


@transaction.atomic
def mark_as_lost(job: Job, *, by: User) -> bool:
    text = f"Marked as lost by {by.short_name}. It was never found; it may have cost credits."
    ended: dict[str, Any] = {"finished_at": timezone.now(), "check_at": None, "decided_by": by}
    marked = move(job, {State.UNKNOWN}, State.ABANDONED, text, by=by, **ended)
    if marked:
        _audit(job, "job marked as lost", by=by)
    return marked


def _audit(job: Job, action: str, *, by: User) -> None:
    """In the transaction of what it tells: both stand, or neither."""
    job.team.note(action, by=by, subject=title_of(job))


def pause(job: Job, paused: bool, *, by: User) -> bool:
    text = f"{'Paused' if paused else 'Resumed'} by {by.short_name}."
    fits = Q(state=State.QUEUED, paused=not paused)
    return note(job, text, where=fits, by=by, paused=paused, decided_by=by)


def try_now(job: Job, *, by: User) -> bool:
    """Sends it without waiting any longer: the remote side had asked for a while, and may ask again. Nothing is spent
    by that, for what it refuses comes back into the queue."""
    queued = Q(state=State.QUEUED, paused=False)
    text = f"Tried now at the request of {by.short_name}."
    if not note(job, text, where=queued, by=by, not_before=None, wait_reason=""):
        return False
    Subscription.objects.filter(pk=job.subscription_id, blocked_reason="").update(blocked_until=None)
    told = FlowAccount.objects.filter(subscription=job.subscription_id, block=FlowAccount.Block.BUSY)
    told.update(block="", block_reason="", block_until=None)
    return True


def pause_if_returned(jobs: QuerySet[Job]) -> int:
    """What is being sent continues; given back by the remote side, it is not sent once more by itself."""
    return jobs.filter(state=State.SUBMITTING).update(paused=True)


def dismiss(job: Job) -> bool:
    with transaction.atomic():
        dismissed = Job.objects.filter(pk=job.pk, hidden_at=None).update(hidden_at=timezone.now()) == 1
        PanelVersion.bump(job.team_id)
    return dismissed


def check_now(job: Job) -> None:
    """Searches for a job whose outcome is not known, without waiting for the next poll."""
    Job.objects.filter(pk=job.pk, state=State.UNKNOWN, jobid__isnull=False).update(check_at=timezone.now())
    poll_times.poll_now(job.subscription_id)
    wake("generation.watch", job.subscription_id)


def requeue(job: Job, *, by: User) -> bool:
    """Back in the queue as it was, for whoever was to pay: a person has decided that it may be paid once more.

    Only what comes from a backup, and nobody cancelled. Should its first call turn up before it is sent, it is not sent
    (`accept`); until then it stays one from a backup, and can be adopted if it is removed.
    """
    if job.settles_at:
        return False
    unsent: dict[str, Any] = {
        "sent_at": None,
        "ran_on": None,
        "price": None,
        "hook_hash": "",
        "times_checked": 0,
    }
    text = f"Requeued by {by.short_name}: not found at Flow Music."
    fits = Q(jobid=None, restored_at__isnull=False, cancel_requested_at=None)
    no_more: dict[str, Any] = {"unknown_since": None, "error_text": "", "evidence": {}}
    try:
        with transaction.atomic():
            back = move(job, {State.UNKNOWN}, State.QUEUED, text, where=fits, by=by, **unsent, **no_more)
            if back:
                _audit(job, "job requeued", by=by)
            return back
    except IntegrityError:  # its take is being split by another job
        return False


def retry(
    job: Job, *, by: User, nonce: uuid.UUID | None = None, wanted: uuid.UUID | None = None
) -> Job | None:
    """The same request as a new job, paid with the person's own token or a lent one; None without such a token, or
    where it is not the one that is wanted.

    One that is alive already, or was made by the page with that nonce, is the answer to a second click. A job whose
    outcome is not known is marked as lost by it: the person has decided. Raises CapReached.
    """
    nonce = nonce or uuid.uuid4()
    if before := job.retries.filter(nonce=nonce).first():
        return before
    token = lending.payer(by, job.team, job.operation, job.subscription_id, wanted=wanted)
    if token is None or token.pk != (wanted or token.pk):
        return None
    return _again(job, f"Retried by {by.short_name}.", by=by, asked_by=by, token=token, nonce=nonce)


def put_back(job: Job, *, token: ApiToken, by: User) -> Job | None:
    """What was removed before it was sent stands in the queue again, where it stood: as the request of whoever asked
    for it, who pays for it as before. However often, it is one new job, and none where it was retried already: that is
    the answer then. None: it was sent, or who is told of the removal has dismissed it. Raises CapReached."""
    if job.state != State.CANCELLED or job.sent_at or job.jobid:
        return None
    nonce = uuid.uuid5(job.pk, "put back")
    place: dict[str, Any] = {"position": job.position, "created_at": min(job.created_at, timezone.now())}
    text = f"Back in the queue: {by.short_name} undid its removal."
    return _again(job, text, by=by, asked_by=job.asked_by, token=token, nonce=nonce, is_undo=True, **place)


def _again(
    job: Job,
    text: str,
    *,
    by: User,
    token: ApiToken,
    nonce: uuid.UUID,
    is_undo: bool = False,
    **values: Any,
) -> Job | None:
    """A new job for the same request, with these columns (`asked_by` at least)."""
    try:
        with transaction.atomic():
            # As it is now, not as the page showed it: it may have been found meanwhile, and would be paid twice.
            job.refresh_from_db(from_queryset=Job.objects.select_for_update())
            if job.state not in RETRYABLE or job.settles_at:
                return None
            # Whoever pays has decided since, and it may not be the one who undoes.
            if is_undo and (before := job.retries.order_by("-created_at").first()):
                return before
            if is_undo and job.hidden_at and job.ended_by_another:
                return None
            account = job.account if job.account_is_fixed else None
            new = Job.objects.create(
                **job.request_fields(),
                token=token,
                paid_by_id=token.owner_id,
                nonce=nonce,
                retry_of=job,
                counted_credits=counted_credits.estimate(job.operation, job.subscription_id, account),
                counted_in=month_of(),
                **values,
            )
            counted_credits.reserve(new)
            move(new, {State.QUEUED}, State.QUEUED, text, by=by)
            if job.state == State.UNKNOWN and not mark_as_lost(job, by=by):
                raise FoundMeanwhile
    except IntegrityError:
        return job.retries.filter(Q(state__in=LIVE) | Q(nonce=nonce)).first()
    except FoundMeanwhile:
        return None
    poll_times.poll_now(job.subscription_id)
    return new
