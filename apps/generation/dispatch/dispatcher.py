"""Sends queued jobs: claim, commit, one POST, write down (docs/design.md, section 3).

No transaction is open across the POST. What it answered is written down through database locks and restarts of the
database, for as long as the process lives; if it doesn't, the expired claim says that the outcome is not known.
"""

import logging
import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections
from django.urls import reverse
from django.utils import timezone

from apps import shutdown
from apps.accounts import api_clients
from apps.accounts.api_clients import NoToken
from apps.accounts.models import FlowAccount, Subscription
from apps.accounts.models.users import hash_secret
from apps.generation.dispatch import api_calls, responses
from apps.generation.jobs import endings, transitions
from apps.generation.models import Job, State
from apps.generation.operations import OPERATIONS
from apps.generation.queue import fair_order
from apps.generation.restore import guard, marks
from apps.library.archiving.errors import NotExamined
from apps.upstream.errors import UpstreamError
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.transport import Deadline

logger = logging.getLogger(__name__)

KEEP_WRITING_S = 600.0
TRY_AGAIN, READ_AGAIN, MARK_AGAIN = timedelta(seconds=5), timedelta(minutes=1), timedelta(seconds=30)
NO_MARK = (
    "Neither Redis nor the file store can be written to right now. Nothing was sent; it will be tried again."
)


def run(subscription_id: int, *, synchronous: bool = False) -> int:
    """Sends what can be sent on this subscription; each job sent asks for another sender beside this one.

    `synchronous`: of those whose calls answer after minutes, for a worker that may be kept that long.
    """
    sent = 0
    if not guard.may_send():
        return sent
    while not shutdown.has_begun():
        subscription = Subscription.objects.filter(pk=subscription_id).first()
        claimed = fair_order.claim_next(subscription, synchronous=synchronous) if subscription else None
        if claimed is None:
            return sent
        transitions.wake_dispatcher(claimed[0])
        submit(*claimed)
        sent += 1
    return sent


def due(now: datetime, *, synchronous: bool = False) -> list[int]:
    """Subscriptions that have something in that queue."""
    ready = Job.objects.ready(now).in_lane(synchronous=synchronous)
    return list(ready.order_by().values_list("subscription_id", flat=True).distinct())


def submit(job: Job, account: FlowAccount, claim_id: UUID) -> None:
    """One POST for one claim, and what it answered; or, if this process has to go before, that it is not known."""
    with shutdown.under_way(partial(transitions.give_up, job.pk, claim_id)):
        _submit(job, account, claim_id)


def _submit(job: Job, account: FlowAccount, claim_id: UUID) -> None:
    sent = responses.Sent(job, account, claim_id)
    # Runs from before `sent_at`: a process that was stopped meanwhile sends nothing.
    deadline = Deadline(OPERATIONS[job.operation].deadline_s)
    hook = secrets.token_urlsafe(32) if not job.is_synchronous and _can_call_back(job.subscription) else ""
    client = _client(job)
    if client and not _is_fit(job, claim_id):
        return
    number = _mark_sent(job, claim_id, hook) if client else 0
    if client is None or not number:
        persistently(lambda: transitions.release(job, claim_id, "Not sent, nothing spent."))
        remove_cancelled()
        return
    if not _leave_mark(job, number, claim_id):
        return
    try:
        response: api_calls.Record | UpstreamError = api_calls.make(
            client, job, account, reply_url=_reply_url(hook), deadline=deadline
        )
    except UpstreamError as error:
        response = error
    try:
        persistently(lambda: responses.write_down(sent, response))
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        # It can't be kept as it is. Never thrown away all the same: it stands in the evidence, and a person decides.
        logger.exception("job %s: the response can't be saved", job.pk)
        evidence = {"answer": getattr(response, "raw", None)}
        persistently(lambda: responses.lose(sent, "The response could not be saved here.", evidence))
    remove_cancelled()


def _mark_sent(job: Job, claim_id: UUID, hook: str) -> int:
    if shutdown.has_begun():
        return 0
    return transitions.mark_sent(job, claim_id, hook_hash=hash_secret(hook) if hook else "")


def _is_fit(job: Job, claim_id: UUID) -> bool:
    """Whether it may be sent, by our own check; what can't be checked now goes back into the queue."""
    try:
        reason = api_calls.why_not_sent(job)
    except NotExamined as error:
        return _waits(job, claim_id, error.words, TRY_AGAIN)
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # a storage that is down
        logger.exception("job %s: its file could not be read", job.pk)
        return _waits(job, claim_id, api_calls.UNREADABLE, READ_AGAIN)
    if reason:
        evidence = {"examined": job.file.last_error} if job.file and job.file.last_error else {}
        text = "Checked before it was sent, and not sent."
        transitions.reject(job, text, claim_id=claim_id, error_text=reason, evidence=evidence)
    return not reason


def _waits(job: Job, claim_id: UUID, words: str, pause: timedelta) -> bool:
    until = timezone.now() + pause
    persistently(lambda: transitions.give_back(job, words, claim_id=claim_id, not_before=until))
    return False


def _leave_mark(job: Job, number: int, claim_id: UUID) -> bool:
    """Outside the database, so that one that is turned back is known by it. Without a mark nothing is sent."""
    try:
        return guard.mark(job, number)
    except marks.NoMarkLeft:
        logger.warning("job %s: no mark can be left, so it is not sent", job.pk)
        return _waits(job, claim_id, NO_MARK, MARK_AGAIN)


def _client(job: Job) -> FlowMusic | None:
    """By the token that pays; None for one that can't be read, or pays no more."""
    if job.token is None:
        return None
    try:
        return api_clients.of_token(job.token, needs="create")
    except NoToken as error:
        logger.warning("job %s: its token does not pay: %s", job.pk, error)
        return None


def _can_call_back(subscription: Subscription) -> bool:
    """A site on loopback can be called by the sandbox beside it, but not by anybody outside."""
    return settings.WEBHOOKS and (settings.PUBLIC_URL.startswith("https://") or subscription.is_sandbox)


def _reply_url(hook: str) -> str:
    return settings.PUBLIC_URL + reverse("hook", args=[hook]) if hook else ""


def remove_cancelled() -> None:
    """Rows that came back into the queue after a person had cancelled them."""
    for job in Job.objects.filter(state=State.QUEUED, cancel_requested_at__isnull=False):
        endings.remove(job)


def persistently(write: Callable[[], object]) -> None:
    """Runs the write until the database takes it: an answer of the remote side is never thrown away."""
    started, pause = time.monotonic(), 0.05
    while True:
        try:
            write()
            return
        except (OperationalError, InterfaceError):
            if time.monotonic() - started > KEEP_WRITING_S:
                raise
            logger.warning("the database can't be written to; trying again")
            close_old_connections()
            time.sleep(pause)
            pause = min(pause * 2, 2.0)
