"""Every change of a job's state: one conditional UPDATE that must change exactly one row, and its line of the story.

Dispatcher, poller, webhook, tick and person all come through here, in any order and twice (docs/design.md,
section 3); how jobs end is in endings.py, by the same moves. Each function answers whether it changed the row; False
means that somebody was faster or the state forbids it.
"""

import logging
import uuid
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Least
from django.utils import timezone

from apps.accounts.models import FlowAccount, User
from apps.accounts.models.subscriptions import CREDITS_PER_SONG
from apps.generation.jobs import counted_credits
from apps.generation.models import Hold, Job, JobEvent, PanelVersion, SeenJob, SendLedger, State
from apps.generation.models.jobs import may_be_paid
from apps.generation.operations import OPERATIONS
from apps.wake import wake

logger = logging.getLogger(__name__)

LOST = "No response came when this was sent. It may have gone through, so it is not sent again."
# Longer than the deadline of the POST, so that a claim is never expired under its owner.
CLAIM_OUTLASTS = timedelta(seconds=30)

MOST_COUNTED = 32_767  # as much as the column of the attempts can hold


def move(
    job: Job,
    sources: Collection[State],
    target: State,
    text: str,
    *,
    where: Q | None = None,
    by: User | None = None,
    **values: Any,
) -> bool:
    """From one of the source states to the target, with the other columns, if the row still fits."""
    with transaction.atomic():
        rows = Job.objects.filter(where or Q(), pk=job.pk, state__in=sources)
        if rows.update(state=target, **values) != 1:
            return False
        if target == State.REJECTED or (target == State.CANCELLED and set(sources) == {State.QUEUED}):
            counted_credits.release(job)  # nothing was spent
        _tell(job, target, text, by=by)
    job.refresh_from_db()
    return True


def note(job: Job, text: str, *, where: Q, by: User | None = None, **values: Any) -> bool:
    """Changes columns without changing the state, told in the story like a change of state."""
    with transaction.atomic():
        if Job.objects.filter(where, pk=job.pk).update(**values) != 1:
            return False
        job.refresh_from_db()
        _tell(job, State(job.state), text, by=by)
    return True


def _tell(job: Job, state: State, text: str, *, by: User | None) -> None:
    JobEvent.objects.create(job_id=job.pk, at=timezone.now(), state=state, text=text[:300], by=by)
    PanelVersion.bump(job.team_id)
    if state not in {State.SUBMITTING, State.UNKNOWN, State.COMPLETED, State.ABANDONED}:
        wake_dispatcher(job)


def wake_dispatcher(job: Job) -> None:
    """Whoever sends what stands in the job's queue."""
    wake("generation.block" if job.is_synchronous else "generation.dispatch", job.subscription_id)


# Sending


def claim(job: Job, account: FlowAccount, *, slot_version: int) -> uuid.UUID | None:
    """Takes the job and a slot of the account for one sender; None when either was taken meanwhile."""
    claim_id = uuid.uuid4()
    operation = OPERATIONS[job.operation]
    price = 0 if operation.free else account.price
    lasts = timedelta(seconds=operation.deadline_s) + CLAIM_OUTLASTS
    with transaction.atomic():
        slots = FlowAccount.objects.filter(pk=account.pk).exclude(block=FlowAccount.Block.GONE)
        if not operation.is_synchronous:
            slots = slots.filter(slot_version=slot_version)
        # Credits are read seldom: until then, what is sent is taken off what was left when they were last read.
        if slots.update(slot_version=F("slot_version") + 1, credits=F("credits") - price) != 1:
            return None
        taken = move(
            job,
            {State.QUEUED},
            State.SUBMITTING,
            f"Taken from the queue for {account.email}.",
            where=Q(cancel_requested_at=None, paused=False),
            claim=claim_id,
            claim_expires_at=timezone.now() + lasts,
            sent_at=None,
            ran_on=account,
            price=price,
            wait_reason="",
        )
        if not taken:
            transaction.set_rollback(True)
    return claim_id if taken else None


def _unspent(job: Job, back: Callable[[], bool]) -> bool:
    """A move of the job after which nothing is spent: what was taken off its account's credits is given back.

    The account first, as in `claim`: else two senders of a team wait for each other."""
    with transaction.atomic():
        for account_id, price in Job.objects.filter(pk=job.pk).values_list("ran_on", "price"):
            # A row that was taken before prices were kept has none.
            back_on_it = CREDITS_PER_SONG if price is None else price
            FlowAccount.objects.filter(pk=account_id).update(credits=F("credits") + back_on_it)
        if back():
            return True
        transaction.set_rollback(True)
    return False


def mark_sent(job: Job, claim_id: uuid.UUID, *, hook_hash: str) -> int:
    """The number of the call, whose mark outside the database is now the last step before the socket opens.

    Whoever gets 0 sends nothing.
    """
    now = timezone.now()
    not_on_hold = Q(~Exists(Hold.objects.filter(team=OuterRef("team"))))
    fits = not_on_hold & Q(
        may_be_paid(), claim=claim_id, sent_at=None, claim_expires_at__gt=now, cancel_requested_at=None
    )
    # What was requeued from a backup is sent by this site from here on.
    values: dict[str, Any] = {"sent_at": now, "restored_at": None, "hook_hash": hook_hash}
    values["attempts"] = Least(F("attempts") + 1, MOST_COUNTED)
    with transaction.atomic():
        number = SendLedger.next_number()
        if move(job, {State.SUBMITTING}, State.SUBMITTING, "Sending, once.", where=fits, **values):
            return number
        transaction.set_rollback(True)
    return 0


def give_back(
    job: Job, text: str, *, claim_id: uuid.UUID, not_before: datetime | None = None, **values: Any
) -> bool:
    """Back into the queue: certainly nothing was made of it.

    Also when the answer came so late that its claim was swept meanwhile, for it is about the only POST of that claim.
    """
    back = partial(
        move,
        job,
        {State.SUBMITTING, State.UNKNOWN},
        State.QUEUED,
        text,
        where=Q(claim=claim_id, jobid=None),
        claim=None,
        claim_expires_at=None,
        sent_at=None,
        ran_on=None,
        price=None,
        hook_hash="",
        unknown_since=None,
        not_before=not_before,
        wait_reason=text[:300],
        **values,
    )
    return _unspent(job, back)


def release_expired_claims(now: datetime) -> int:
    """Claims whose owner is gone: unsent ones go back into the queue, sent ones are not known."""
    stale = Job.objects.filter(state=State.SUBMITTING, claim_expires_at__lte=now)
    needed = ("pk", "team_id", "subscription_id", "operation", "claim", "sent_at")
    return sum(_release(job) for job in stale.only(*needed))


def _release(job: Job) -> bool:
    if job.sent_at is None:
        return release(job, job.claim, "The sender stopped before sending. Back in the queue, nothing spent.")
    return lose(job, "The sender stopped while sending. It may have gone through.", claim_id=job.claim)


def give_up(pk: uuid.UUID, claim_id: uuid.UUID) -> bool:
    """By a sender that has to stop before its POST has ended: as if its claim were over already."""
    job = Job.objects.filter(pk=pk, claim=claim_id, state=State.SUBMITTING).first()
    return _release(job) if job else False


def release(job: Job, claim_id: uuid.UUID | None, text: str) -> bool:
    """Back into the queue: the socket was never opened."""
    back = partial(
        move,
        job,
        {State.SUBMITTING},
        State.QUEUED,
        text,
        where=Q(claim=claim_id, sent_at=None),
        claim=None,
        claim_expires_at=None,
        ran_on=None,
        price=None,
    )
    return _unspent(job, back)


def lose(job: Job, text: str, *, claim_id: uuid.UUID | None = None, **values: Any) -> bool:
    """The outcome of a POST is not known: it is never sent again by itself, but searched for."""
    return move(
        job,
        {State.SUBMITTING},
        State.UNKNOWN,
        text,
        where=Q(sent_at__isnull=False) & (Q(claim=claim_id) if claim_id else Q()),
        unknown_since=timezone.now(),
        claim_expires_at=None,
        times_checked=0,
        **values,
    )


def accept(job: Job, jobid: str, *, account_email: str = "") -> bool:
    """The remote side has this job under that jobid. The same news twice is success; another jobid is an incident.

    Also from `queued`: a row that came back from a backup, but was sent before, must not be sent again.
    """
    now = timezone.now()
    values: dict[str, Any] = {"jobid": jobid, "accepted_at": now, "claim": None, "claim_expires_at": None}
    if account_email:
        found = FlowAccount.objects.filter(subscription=job.subscription_id, email=account_email).first()
        values |= {"ran_on": found} if found else {}
    try:
        # Together: a jobid that is remembered as ours but stands on no job would never be read again.
        with transaction.atomic():
            SeenJob.remember(job.subscription_id, jobid, reference=job.reference)
            if _take(job, jobid, values):
                return True
    except IntegrityError:
        job.refresh_from_db()
        return _incident(job, jobid, "Flow Music gave this the number of another song.")
    job.refresh_from_db()
    text = "A second song for this request turned up at Flow Music. It may have been charged."
    return job.jobid == jobid or _incident(job, jobid, text)


def _take(job: Job, jobid: str, values: dict[str, Any]) -> bool:
    sources = {State.SUBMITTING, State.UNKNOWN, State.QUEUED}
    free = Q(jobid=None) | Q(jobid=jobid)
    if move(job, sources, State.RUNNING, "Flow Music has it.", where=free, **values):
        return True
    closed, now = Q(jobid=None, state=State.ABANDONED), timezone.now()
    return note(job, "Found after all.", where=closed, check_at=now, **values)


def _incident(job: Job, jobid: str, text: str) -> bool:
    """A second jobid for one request, or one for a request that was over: kept and shown, never thrown away."""
    others = {*(job.incident or {}).get("jobids", []), jobid}
    if (job.incident or {}).get("jobids") != sorted(others):
        logger.error("job %s: a further jobid appeared", job.pk)
        note(job, text, where=Q(), incident={"jobids": sorted(others)})
    return False


def lose_record(job: Job) -> bool:
    """Its record is gone (404 or 410) though it was never seen to end."""
    return move(
        job,
        {State.RUNNING},
        State.UNKNOWN,
        "Its record at Flow Music was gone before it was seen to end.",
        unknown_since=timezone.now(),
        error_text="Flow Music forgot this before it was seen to end. It may have been made, so it is not sent again.",
        check_at=None,
        times_checked=0,
    )


def reject(job: Job, text: str, *, claim_id: uuid.UUID, **values: Any) -> bool:
    """Refused by the remote side for what was asked: nothing was made, nothing spent. Late as in `give_back`."""
    refuse = partial(
        move,
        job,
        {State.SUBMITTING, State.UNKNOWN},
        State.REJECTED,
        text,
        where=Q(claim=claim_id, jobid=None),
        finished_at=timezone.now(),
        price=None,
        **values,
    )
    return _unspent(job, refuse)
