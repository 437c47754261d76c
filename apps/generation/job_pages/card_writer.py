"""Writes a job's card for every state (docs/look.md, section 3): what happened, and the next thing to do."""

from apps.accounts.templatetags.formatting import short_email, when
from apps.addresses import address
from apps.generation.job_pages import ended_cards, live_cards
from apps.generation.job_pages.cards import Card, Surroundings, Viewpoint
from apps.generation.jobs import pricing
from apps.generation.jobs.titles import numbered
from apps.generation.models import Job, State
from apps.generation.operations import OPERATIONS

TWICE = "A second song for this request turned up at Flow Music; it may have been charged."


def card(job: Job, around: Surroundings) -> Card:
    """The card of a job loaded with `for_cards`, with the buttons of the person in whose surroundings it is."""
    return written(job, around).seen_by(Viewpoint.of(around.membership, job.asked_by_id))


def written(job: Job, around: Surroundings) -> Card:
    """With all its buttons, and nothing on it that depends on who looks."""
    account = job.ran_on or job.account
    made = Card(
        id=job.pk,
        state=job.state,
        kind=job.state,
        title=numbered(job),
        url=address("job", job.pk),
        who_initials=job.asked_by.initials if job.asked_by else "?",
        who_name=job.asked_by.short_name if job.asked_by else "A former member",
        asked_by=job.asked_by_id,
        payer=job.token.owner_id if job.token else None,
        payer_name=_payer_name(job),
        subtitle=short_email(account.email) if account else "",
        account_full=account.email if account else "",
        time_text=str(when(job.finished_at or job.created_at)),
        usual_s=around.usual.get(job.operation) or OPERATIONS[job.operation].usual_s,
        sandbox=job.subscription.is_sandbox,
        request_id=job.nonce,
        request_size=job.batch_size,
        number=job.batch_index + 1,
        queue=(job.asked_by_id, job.subscription_id, job.is_synchronous),
        price=pricing.of_job(job, (each.account for each in around.slots.values())),
    )
    DRAW[State(job.state)](made, job, around)
    if job.incident:
        made.text = f"{made.text} {TWICE}".strip()
    return made


def _payer_name(job: Job) -> str:
    is_other = job.paid_by is not None and job.paid_by_id != job.asked_by_id
    return job.paid_by.short_name if job.paid_by and is_other else ""


DRAW = {
    State.QUEUED: live_cards.queued,
    State.SUBMITTING: live_cards.submitting,
    State.RUNNING: live_cards.running,
    State.UNKNOWN: live_cards.unknown,
    State.COLLECTING: live_cards.collecting,
    State.COMPLETED: ended_cards.completed,
    State.FAILED: ended_cards.failed,
    State.REJECTED: ended_cards.rejected,
    State.CANCELLED: ended_cards.cancelled,
    State.ABANDONED: ended_cards.abandoned,
}
