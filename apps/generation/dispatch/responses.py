"""What the answer to a job's POST means for it (docs/design.md, section 3, "What answers mean").

The texts are for the person who requested it: what happened, what it means for the money, what to do next.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from apps.accounts import account_sync
from apps.accounts.models import FlowAccount, Subscription
from apps.generation.dispatch import results
from apps.generation.dispatch.api_calls import Record
from apps.generation.jobs import endings, transitions
from apps.generation.models import Job
from apps.generation.operations import EDITS, FREE
from apps.generation.polling import record_outcome
from apps.library.lineage.editability import UPLOADED
from apps.library.models import Clip
from apps.upstream import errors
from apps.upstream.records import JobRecord, StemsRecord
from apps.wake import wake

BUSY_FOR = timedelta(seconds=10)
RECHECK_AFTER = timedelta(minutes=5)
TAKE_MISSING = "Flow Music does not have this take any more, so it can't be edited. Nothing was spent."
ANOTHERS = "Flow Music’s response to this was about another song."


@dataclass(frozen=True)
class Sent:
    """One POST of one claim, whose answer is to be written down."""

    job: Job
    account: FlowAccount
    claim: UUID

    def give_back(self, text: str, *, after: timedelta | None = None, error: errors.UpstreamError) -> None:
        not_before = timezone.now() + after if after else None
        transitions.give_back(
            self.job, text, claim_id=self.claim, not_before=not_before, evidence=error.evidence
        )


def write_down(sent: Sent, response: Record | errors.UpstreamError) -> None:
    """Brings the job into the state that the answer stands for. May be called twice."""
    if not isinstance(response, errors.UpstreamError) and _is_anothers(sent, response):
        # Something in between repeated another song's answer. Ours may have been made all the same.
        transitions.lose(
            sent.job, ANOTHERS, claim_id=sent.claim, error_text=ANOTHERS, evidence={"record": response.raw}
        )
        return
    if not isinstance(response, errors.UpstreamError):
        Subscription.objects.filter(pk=sent.job.subscription_id).exclude(blocked_reason="").update(
            blocked_reason="", blocked_until=None
        )
        record_outcome.apply(sent.job, response) if isinstance(response, JobRecord) else results.save(
            sent.job, response
        )
        return
    for kind, handle in HANDLERS.items():
        if isinstance(response, kind):
            handle(sent, response)
            return
    _lost(sent, response)


def _is_anothers(sent: Sent, response: Record) -> bool:
    match response:
        case JobRecord(reference=reference):
            return reference not in {None, "", sent.job.reference}
        case StemsRecord(source_clip=clip):
            return clip not in {None, "", sent.job.params.get("clip")}
    return False


def _not_sent(sent: Sent, error: errors.UpstreamError) -> None:
    wait = timedelta(seconds=min(60, 2 ** min(sent.job.attempts, 6)))
    sent.give_back(error.user_message, after=wait, error=error)


def _busy(sent: Sent, error: errors.Busy) -> None:
    """Either the account that was asked runs as much as it may, or all of the subscription do."""
    wait = timedelta(seconds=error.retry_after) if error.retry_after else BUSY_FOR
    until = timezone.now() + wait
    if error.scope == "all":
        Subscription.objects.filter(pk=sent.job.subscription_id).update(blocked_until=until)
    else:
        _block(sent.account, FlowAccount.Block.BUSY, error.user_message, until=until)
    sent.give_back("Flow Music is busy; this continues when a slot is free.", after=wait, error=error)


def _token_refused(sent: Sent, error: errors.UpstreamError) -> None:
    if sent.job.token:
        sent.job.token.refuse(at=timezone.now(), reason=error.user_message)
    sent.give_back(error.user_message, error=error)


def _subscription_ended(sent: Sent, error: errors.UpstreamError) -> None:
    Subscription.objects.filter(pk=sent.job.subscription_id).update(
        blocked_reason=error.user_message[:300], blocked_until=timezone.now() + RECHECK_AFTER
    )
    sent.give_back(error.user_message, error=error)


def _out_of_credits(sent: Sent, error: errors.UpstreamError) -> None:
    text = f"{sent.account.email} has no credits left. Nothing was spent."
    _block(sent.account, FlowAccount.Block.CREDITS, error.user_message, until=timezone.now() + RECHECK_AFTER)
    # What is free goes to an account without credits, too: one that refuses that all the same is asked later.
    free = sent.job.operation in FREE
    sent.give_back(text, after=RECHECK_AFTER if free else None, error=error)
    # Whatever was counted, it isn't enough for a song; the next reading of the account brings the true figure.
    FlowAccount.objects.filter(pk=sent.account.pk, credits__gt=0).update(credits=0)


def _account_broken(sent: Sent, error: errors.UpstreamError) -> None:
    text = f"Flow Music wants {sent.account.email} to sign in again. Nothing was spent."
    said = (error.reason if isinstance(error, errors.AccountBroken) else "") or error.user_message
    _block(sent.account, FlowAccount.Block.ERROR, said, until=timezone.now() + RECHECK_AFTER)
    sent.give_back(text, error=error)


def _block(account: FlowAccount, block: str, reason: str, *, until: datetime) -> None:
    FlowAccount.objects.filter(pk=account.pk).update(
        block=block, block_reason=reason[:300], block_until=until
    )
    wake("generation.changed", account.subscription_id)


def _render_failed(sent: Sent, error: errors.UpstreamError) -> None:
    record = error.record if isinstance(error, errors.RenderFailed) else None
    if record is None:
        _lost(sent, error)
        return
    # Its webhook may have been faster, and has taken the claim away.
    of_it = Q(claim=sent.claim) | (Q(jobid=record.jobid) if record.jobid else Q(claim=sent.claim))
    record_outcome.fail(sent.job, record, evidence=error.evidence, where=of_it)


def _declined(sent: Sent, error: errors.UpstreamError) -> None:
    """Flow Music would not make it, or had nothing to say; nothing was made."""
    endings.fail(
        sent.job,
        "Flow Music created nothing.",
        where=Q(claim=sent.claim),
        error_code=str(error.code or error.status or "")[:60],
        error_text=error.user_message[:500],
        error_quote=str(error.evidence.get("agent_text") or error.evidence.get("message", ""))[:500],
        evidence=error.evidence,
    )


def _rejected(sent: Sent, error: errors.UpstreamError) -> None:
    if error.status == 422 and sent.job.operation in EDITS:
        if not _is_uploaded(error):
            _declined(sent, error)
            return
        # Known from now on, so that nobody tries it again.
        Clip.objects.filter(edit_jobs=sent.job).update(uneditable=UPLOADED)
        error.user_message = f"{UPLOADED} Nothing was spent."
    if error.status == 404 and _is_about_the_take(sent, error):
        error.user_message = TAKE_MISSING
    elif error.status in (404, 410) and _is_missing(sent):  # no reason to burn the whole batch
        wake("generation.changed", sent.account.subscription_id)
        sent.give_back(f"{sent.account.email} is not connected at useapi.net any more.", error=error)
        return
    transitions.reject(
        sent.job,
        "Flow Music did not accept this. Nothing was spent.",
        claim_id=sent.claim,
        error_code=str(error.code or error.status or "")[:60],
        error_text=error.user_message[:500],
        error_quote=str(error.evidence.get("message", ""))[:500],
        evidence=error.evidence,
    )


def quote_of(job: Job) -> str:
    """The remote side's own words, if what is said of it does not quote them already."""
    return "" if job.error_quote[:200].rstrip(".") in job.error_text else job.error_quote


def _is_about_the_take(sent: Sent, error: errors.UpstreamError) -> bool:
    """404 of an edit: its account isn't configured any more, or the take is gone (post-flowmusic-music-edit)."""
    return sent.job.operation in EDITS and "clip not found" in str(error.evidence.get("message", "")).lower()


def _is_missing(sent: Sent) -> bool:
    """Whether the account isn't configured any more: no status of a POST says so, GET /accounts/{email} alone does."""
    if sent.job.token:
        account_sync.recheck(sent.account, token=sent.job.token)
        sent.account.refresh_from_db()
    return sent.account.block == FlowAccount.Block.GONE


def _is_uploaded(error: errors.UpstreamError) -> bool:
    """422 without a record: the take itself can't be edited, for it has no conversation (docs/api.md, point 15)."""
    said = str(error.evidence.get("message", "")).lower()
    return "conversation_id" in said or "uploaded" in said


def lose(sent: Sent, text: str, evidence: dict[str, Any]) -> None:
    text = f"{text} It may have gone through, so it is not sent again."
    transitions.lose(sent.job, text, claim_id=sent.claim, error_text=text, evidence=evidence)


def _lost(sent: Sent, error: errors.UpstreamError) -> None:
    """The story says what came: a clean error is no broken connection."""
    text = error.user_message
    transitions.lose(sent.job, text, claim_id=sent.claim, error_text=text[:500], evidence=error.evidence)


HANDLERS: dict[type[errors.UpstreamError], Callable[[Sent, Any], None]] = {
    errors.NotSent: _not_sent,
    errors.Busy: _busy,
    errors.TokenRefused: _token_refused,
    errors.SubscriptionEnded: _subscription_ended,
    errors.OutOfCredits: _out_of_credits,
    errors.AccountBroken: _account_broken,
    errors.RenderFailed: _render_failed,
    errors.Declined: _declined,
    errors.NoLyrics: _declined,
    errors.Rejected: _rejected,
}
