"""Applies the edits of one take to another, one after the other.

The plan is kept in rows and driven by the tick: however often and from wherever `advance` is called, and wherever it
dies, a step has one job, for its nonce is the step's own. A step that goes wrong stops the chain in words; when who
started it asks for that job again, the chain goes on with the new one. Somebody else's it takes as well, and waits:
what comes after it is paid with the token of who started it, and nobody else decides that it is spent.
"""

import logging
import uuid
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts import cap_words
from apps.accounts.caps import CapReached
from apps.accounts.models import ApiToken, Team, User
from apps.generation.edits import edit_steps
from apps.generation.edits.edit_steps import Step
from apps.generation.jobs import decisions
from apps.generation.jobs.requests import JobRequest
from apps.generation.models import Chain, ChainStep, Job, PanelVersion, State
from apps.generation.queue import payers
from apps.library.models import Clip

logger = logging.getLogger(__name__)

Status = Chain.Status

ENDED = {
    State.FAILED: "Flow Music could not make step {number}.",
    State.REJECTED: "Flow Music refused step {number}; nothing was spent for it.",
    State.CANCELLED: "Step {number} was cancelled, or removed from the queue.",
    State.ABANDONED: "Step {number} was never found, and is marked as lost.",
}
NOT_FURTHER = "Nothing more is spent."
BY_ANOTHER = (
    "{who} retried step {number}. Only the person who started the chain can resume it: their token pays."
)
NOBODY_PAYS = (
    "The person who started this has no token for that account any more, and none that is lent to them for this. With "
    "one it can be resumed."
)


class AnotherForm(Exception):
    """The form's nonce was used for another chain. Nothing was started."""


@dataclass(frozen=True, kw_only=True)
class ChainPlan:
    team: Team
    by: User
    made_like: Clip
    target: Clip
    steps: list[Step]
    nonce: uuid.UUID

    def start(self) -> Chain:
        """The rows and the first job, together. The same form twice gives the same chain. Raises CapReached."""
        try:
            with transaction.atomic():
                chain = Chain.objects.create(
                    team=self.team,
                    asked_by=self.by,
                    target=self.target,
                    made_like=self.made_like,
                    nonce=self.nonce,
                )
                ChainStep.objects.bulk_create(
                    ChainStep(chain=chain, number=number, operation=step.operation, params=step.params)
                    for number, step in enumerate(self.steps, start=1)
                )
                _request(chain, chain.steps.all()[0], self.target)
                PanelVersion.bump(self.team.pk)
        except IntegrityError:
            if started := self.started():
                return started
            raise AnotherForm from None
        return chain

    def started(self) -> Chain | None:
        """By this form before. AnotherForm, if that was for another take."""
        found = Chain.objects.filter(nonce=self.nonce, team=self.team, asked_by=self.by).first()
        if found and found.target_id != self.target.pk:
            raise AnotherForm
        return found


def payer(team: Team, by: User | None, clip: Clip, operation: str) -> ApiToken | None:
    """An edit runs on the clip's account, with the person's own token for its subscription or one lent to them."""
    return payers.token_of(by, team=team, subscription_id=clip.subscription_id, operation=operation)


def advance() -> int:
    """Queues what comes next. Returns how many chains moved."""
    return sum(_try(pk) for pk in list(Chain.objects.due().values_list("pk", flat=True)))


def _try(pk: uuid.UUID) -> bool:
    """A chain that can't be moved holds up neither the others nor the tick."""
    try:
        return _advance(pk)
    except Exception:
        logger.exception("chain %s could not be moved on", pk)
        return False


@transaction.atomic
def _advance(pk: uuid.UUID) -> bool:
    chain = Chain.objects.select_for_update().filter(pk=pk).first()
    moved = chain is not None and _move_on(chain)
    if chain and moved:
        PanelVersion.bump(chain.team_id)  # last: a request changes its job and subscription before the panel
    return moved


def _move_on(chain: Chain) -> bool:
    """Under the chain's lock."""
    steps = list(chain.steps.select_related("job__song"))
    begun = [step for step in steps if step.job_id]
    if not begun or chain.status not in {Status.RUNNING, Status.STOPPED}:
        return False
    step = begun[-1]
    adopted = _adopt_retry(step)
    if adopted and step.job and step.job.asked_by_id != chain.asked_by_id:
        who = step.job.asked_by.short_name if step.job.asked_by else "Somebody"
        return _set(chain, Status.STOPPED, BY_ANOTHER.format(who=who, number=step.number))
    if chain.status == Status.STOPPED:
        if not adopted:
            return False
        _set(chain, Status.RUNNING, "")
    job = step.job
    if job and job.state in ENDED:
        text = f"{ENDED[State(job.state)].format(number=step.number)} {NOT_FURTHER}"
        return _set(chain, Status.STOPPED, text)
    if job is None or job.state not in {State.COLLECTING, State.COMPLETED}:
        return adopted
    return _continue(chain, steps[step.number :], step)


def _adopt_retry(step: ChainStep) -> bool:
    """The newest job that a person asked for in the place of the step's."""
    newest = step.job
    while newest and (
        again := newest.retries.select_related("song", "asked_by").order_by("-created_at").first()
    ):
        newest = again
    if newest is None or newest.pk == step.job_id:
        return False
    step.job = newest
    step.save(update_fields=["job"])
    return True


def _continue(chain: Chain, rest: list[ChainStep], done: ChainStep) -> bool:
    if not rest:
        return _set(chain, Status.DONE, "")
    result = _result(done.job) if done.job else None
    if result is None:
        return _set(chain, Status.STOPPED, f"The result of step {done.number} is gone for good.")
    if result.deleted_at:
        words = f"The result of step {done.number} is in the trash. Restore it, and the chain can be resumed."
        return _set(chain, Status.STOPPED, words)
    following = rest[0]
    wrong = edit_steps.misfit(Step(following.operation, following.params), result.edit_length_s)
    if wrong and result.edit_length_s is not None:
        return _set(chain, Status.STOPPED, f"Step {following.number} does not fit: {wrong} {NOT_FURTHER}")
    return _enqueue(chain, following, result)


def _result(job: Job) -> Clip | None:
    takes = job.song.takes.filter(erased_at=None) if job.song else Clip.objects.none()
    return takes.select_related("account", "subscription").order_by("take").first()


def _enqueue(chain: Chain, step: ChainStep, source: Clip) -> bool:
    """Over a cap nothing is queued, and the chain waits for a person."""
    try:
        return _request(chain, step, source)
    except CapReached as reached:
        words = cap_words.refusal(reached).words
        return _set(chain, Status.STOPPED, f"Step {step.number} was not sent. {words}")


def _request(chain: Chain, step: ChainStep, source: Clip) -> bool:
    token = payer(chain.team, chain.asked_by, source, step.operation)
    if token is None or chain.asked_by is None or source.account is None:
        return _set(chain, Status.STOPPED, NOBODY_PAYS)
    if there := Job.objects.filter(nonce=step.nonce, team=chain.team_id).first():
        step.job = there
        step.save(update_fields=["job"])
        return True
    job_request = JobRequest(
        team=chain.team,
        by=chain.asked_by,
        token=token,
        account=source.account,
        operation=step.operation,
        params={"clip": source.clip_id, **step.params},
        count=1,
        nonce=step.nonce,
        source=source,
    )
    (step.job,) = job_request.ask()
    step.save(update_fields=["job"])
    return True


def _set(chain: Chain, status: Status, text: str) -> bool:
    """Under the chain's lock. Whoever calls it bumps the panel, at the end."""
    chain.status, chain.text = status, text[:500]
    chain.ended_at = timezone.now() if status in {Status.DONE, Status.CANCELLED} else None
    chain.save(update_fields=["status", "text", "ended_at"])
    return True


def stop(chain: Chain, *, by: User) -> bool:
    """For good: what is queued is removed, what runs is saved when it is done, nothing more is started."""
    with transaction.atomic():
        locked = Chain.objects.select_for_update().get(pk=chain.pk)
        if locked.status not in {Status.RUNNING, Status.STOPPED}:
            return False
        jobs = Job.objects.filter(chain_step__chain=chain)
        # Locked before the panel is, as by whoever sends; one that is sent in this moment is being made, and stays.
        queued = list(jobs.filter(state=State.QUEUED).order_by("pk").select_for_update())
        decisions.pause_if_returned(jobs)
        for job in queued:
            decisions.remove(job, by=by)
        _set(locked, Status.CANCELLED, f"Stopped by {by.short_name}. What is done already stays.")
        PanelVersion.bump(locked.team_id)
    return True


def resume(chain: Chain) -> bool:
    """A person has mended what stopped it. A step that went wrong is asked for again by its own job instead. False when
    it stands still as before."""
    with transaction.atomic():
        locked = Chain.objects.select_for_update().get(pk=chain.pk)
        if locked.status != Status.STOPPED:
            return False
        _set(locked, Status.RUNNING, "")
        _advance(chain.pk)
        PanelVersion.bump(locked.team_id)
        locked.refresh_from_db()
    return locked.status != Status.STOPPED


def failed(chain: Chain) -> Job | None:
    """The job of the step that stopped it, if that is what has to be asked for again."""
    step = chain.steps.filter(job__isnull=False).select_related("job").last()
    job = step.job if step else None
    return job if job and job.state in ENDED and job.state in decisions.RETRYABLE else None
