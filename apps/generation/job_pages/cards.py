"""Writes a job's card for every state (docs/look.md, section 3): what happened, and the next thing to do."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Membership
from apps.accounts.templatetags.formatting import clock, short_email, when
from apps.addresses import address
from apps.generation.dispatch import responses, results
from apps.generation.jobs import decisions, links, pricing, transitions
from apps.generation.jobs.titles import numbered
from apps.generation.models import Job, State
from apps.generation.operations import AGAIN, DONE, FREE, OPERATIONS
from apps.generation.queue import wait_reasons
from apps.generation.queue.slots import Slots
from apps.library.models import Clip
from apps.plural import counted

_RESULT = {"stems": "Open mixer"}
SEARCH = "Search Flow Music…"
TWICE = "A second song for this request turned up at Flow Music; it may have been charged."


@dataclass(frozen=True, kw_only=True)
class Action:
    """A button of a card. `post` sends at once, `get` opens a page that may ask back."""

    label: str
    url: str
    method: str = "get"
    style: str = "quiet"
    by_anyone: bool = False  # also for members who didn't request the song
    price: str = ""  # what it costs, beside the label


@dataclass(kw_only=True)
class Card:
    """One job as the panel and the jobs page show it."""

    id: UUID
    state: str
    kind: str
    title: str
    url: str
    who_initials: str
    who_name: str
    subtitle: str = ""
    account_full: str = ""
    time_text: str = ""
    side_text: str = ""
    position: int | None = None
    started_epoch: int | None = None
    usual_s: int | None = None
    text: str = ""
    quote: str = ""
    cover_url: str = ""
    tone: str = ""
    heed_icon: str = "octagon"
    takes: list[Clip] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    segments: list["Card"] = field(default_factory=list)
    sandbox: bool = False
    request_id: UUID | None = None  # the songs of one form have it in common
    request_size: int = 1
    price: pricing.Price = pricing.UNKNOWN
    queue: tuple[int | None, int, bool] | None = None  # whose queue, of which subscription and kind
    moves: Any = None  # where it may go in it (queue_moves.Moves)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What several cards share, loaded once."""

    membership: Membership
    slots: Mapping[int, Slots]
    positions: Mapping[UUID, int]
    usual: Mapping[str, int]
    creators: Collection[int]  # who may create songs in the team: only their tokens pay
    readable: Collection[int]  # subscriptions for which a token of the team works: there jobs are followed
    is_paused: bool = False  # nothing is sent at all, after a restored backup
    now: datetime = field(default_factory=timezone.now)


def card(job: Job, around: Surroundings) -> Card:
    """The card of a job loaded with `for_cards`."""
    account = job.ran_on or job.account
    made = Card(
        id=job.pk,
        state=job.state,
        kind=job.state,
        title=numbered(job),
        url=address("job", job.pk),
        who_initials=job.asked_by.initials if job.asked_by else "?",
        who_name=job.asked_by.short_name if job.asked_by else "A former member",
        subtitle=short_email(account.email) if account else "",
        account_full=account.email if account else "",
        time_text=str(when(job.finished_at or job.created_at)),
        usual_s=around.usual.get(job.operation) or OPERATIONS[job.operation].usual_s,
        sandbox=job.subscription.is_sandbox,
        request_id=job.nonce,
        request_size=job.batch_size,
        queue=(job.asked_by_id, job.subscription_id, job.is_synchronous),
        price=pricing.of_job(job, (each.account for each in around.slots.values())),
    )
    DRAW[State(job.state)](made, job, around)
    if job.incident:
        made.text = f"{made.text} {TWICE}".strip()
    if not around.membership.may_decide(job.asked_by_id):
        may_create = around.membership.rights.may_create
        made.actions = [action for action in made.actions if may_create and action.by_anyone]
    return made


def _action(label: str, name: str, job: Job, **values: Any) -> Action:
    return Action(label=label, url=address(name, job.pk), **values)


def _queued(made: Card, job: Job, around: Surroundings) -> None:
    made.position = around.positions.get(job.pk)
    made.actions = [_action("Remove from queue", "job-remove", job, method="post")]
    where = (around.slots, made.position, around.now)
    reason = wait_reasons.STOPPED if around.is_paused else wait_reasons.reason(job, around.creators, *where)
    made.kind, made.text, made.heed_icon = reason.kind, reason.text, reason.icon or "octagon"
    if reason.kind == "paused":
        made.actions.insert(0, _action("Resume", "job-resume", job, method="post", style="soft"))
    elif reason.kind == "blocked":
        made.side_text = "nothing spent"
        if reason.mend_label:
            made.actions.insert(0, Action(label=reason.mend_label, url=reason.mend_url, style="soft"))
    else:
        made.actions.insert(0, _action("Pause", "job-pause", job, method="post"))
        if reason.can_be_tried:
            made.actions.insert(0, _action("Try now", "job-try-now", job, method="post", style="soft"))
        made.subtitle = reason.short or made.subtitle
        made.side_text = str(made.price)


def _submitting(made: Card, job: Job, around: Surroundings) -> None:
    if job.is_synchronous and job.sent_at:
        _under_way(made, job, around, since=job.sent_at)
        return
    made.subtitle = f"to {made.subtitle}"
    made.actions = (
        [] if job.cancel_requested_at or job.is_synchronous else [_action("Cancel…", "job-cancel", job)]
    )


def _under_way(made: Card, job: Job, around: Surroundings, *, since: datetime) -> None:
    elapsed = (around.now - since).total_seconds()
    made.kind, made.started_epoch = "running", int(since.timestamp())
    made.time_text = str(clock(elapsed))
    made.subtitle = f"{OPERATIONS[job.operation].label} · {made.subtitle}"
    made.side_text = f"usually {clock(made.usual_s)}" if made.usual_s else ""
    if made.usual_s and elapsed > made.usual_s:
        made.kind, made.text = "long", "Still running. Nothing to do."


def _running(made: Card, job: Job, around: Surroundings) -> None:
    _under_way(made, job, around, since=job.accepted_at or job.created_at)
    if job.subscription_id not in around.readable:
        made.kind, made.text, made.actions = "running", wait_reasons.unread(job), [_enter_token(job)]
    elif job.cancel_requested_at:
        made.text = "Being cancelled. What it cost is spent."
    else:
        made.actions = [_action("Cancel…", "job-cancel", job)]


def _enter_token(job: Job) -> Action:
    return Action(label=wait_reasons.label(job), url=reverse("tokens"), style="soft")


def _unknown(made: Card, job: Job, around: Surroundings) -> None:
    checked = f"Checked {job.times_checked} times" if job.times_checked != 1 else "Checked once"
    check = _action("Check now", "job-check", job, method="post", style="soft")
    lost = _action("Mark as lost…", "job-mark-lost", job)
    made.time_text = str(when(job.sent_at or job.unknown_since))
    if job.is_synchronous:
        _response_lost(made, job, lost)
    elif job.subscription_id not in around.readable:
        made.text = wait_reasons.unread(job)
        made.actions = [_enter_token(job), lost, _retry(made, job)]
    elif job.given_up:
        made.kind = "given_up"
        made.text = "Not found in 40 min. If it went through after all, retrying pays twice."
        retry = _retry(made, job)
        made.actions = [_action(SEARCH, "job-adopt", job, style="soft"), retry, lost]
    else:
        made.text = f"{job.error_text or transitions.LOST} {checked}."
        made.actions = [check, lost, _retry(made, job)]


def _response_lost(made: Card, job: Job, lost: Action) -> None:
    """There is no record to search for; what a retry means depends on what it was."""
    made.kind, made.text = "given_up", f"{job.error_text or transitions.LOST} {AGAIN[job.operation]}"
    retry = _retry(made, job, style="soft")
    if job.settles_at:
        made.kind = "unknown"
        made.text = job.error_text or decisions.SETTLING
    made.actions = [lost] if job.settles_at else [retry, lost]


def _collecting(made: Card, job: Job, around: Surroundings) -> None:
    takes, kind = job.takes, "tracks" if job.operation == "stems" else "takes"
    saved = sum(take.is_saved for take in takes)
    made.subtitle = f"Saving ({saved} of {len(takes)} {kind})"
    made.takes = [take for take in takes if take.is_playable and not take.stem_type]
    made.time_text = str(clock((job.duration_ms or 0) / 1000)) if job.duration_ms else ""


def _completed(made: Card, job: Job, around: Surroundings) -> None:
    takes = job.takes
    # Stems are heard together, in the mixer.
    made.takes = [take for take in takes if take.is_playable and not take.stem_type]
    made.subtitle, made.tone = _count(job, takes), job.song.tone if job.song else ""
    made.time_text = str(clock(job.duration_ms / 1000)) if job.duration_ms else made.time_text
    made.side_text = "" if job.operation in FREE else str(made.price)
    if result := links.result_of(job):
        label = _RESULT.get(job.operation, "View")
        made.actions = [Action(label=label, url=result, style="soft", by_anyone=True)]
    made.text = results.money_note(job)
    shown = takes[0] if takes else job.file
    made.cover_url = shown.thumb_url if shown else ""
    missing = [take.stem_type or f"take {take.letter}" for take in takes if not take.is_saved]
    if missing:
        made.kind, made.text = "incomplete", f"The file of {' and '.join(missing)} is not there yet."


def _count(job: Job, takes: list[Clip]) -> str:
    if job.operation == "stems":
        return counted(len(takes), "track")
    made = {1: "one take", 2: "two takes"}.get(len(takes)) or counted(len(takes), "take")
    return DONE.get(job.operation, made)


def _retry(made: Card, job: Job, *, style: str = "line") -> Action:
    price = str(made.price) if made.price.credits else ""
    return _action("Retry…", "job-retry", job, style=style, price=price)


def _dismiss(job: Job) -> list[Action]:
    return [] if job.hidden_at else [_action("Dismiss", "job-dismiss", job, method="post")]


def _failed(made: Card, job: Job, around: Surroundings) -> None:
    _rejected(made, job, around)
    made.side_text = f"after {clock(job.duration_ms / 1000)}" if job.duration_ms else ""
    made.actions.insert(1, _retry(made, job))


def _rejected(made: Card, job: Job, around: Surroundings) -> None:
    """What was refused as it is would be refused again: only a changed request helps."""
    made.text, made.quote, made.side_text = job.error_text, responses.quote_of(job), "nothing spent"
    made.actions = _dismiss(job)
    if form := links.form_of(job):
        made.actions.insert(0, Action(label=links.label_of_form(job), url=form, style="soft", by_anyone=True))
        if default := links.form_with_default_model(job):
            made.actions.insert(
                0, Action(label="Use the Default model", url=default, style="soft", by_anyone=True)
            )


def _cancelled(made: Card, job: Job, around: Surroundings) -> None:
    made.actions = _dismiss(job)
    if job.jobid or job.sent_at:
        may_be = f"{counted(made.price.credits, 'credit')} may be spent"
        made.text = f"{may_be}; the song may still turn up at Flow Music."
        made.actions.insert(0, _action(SEARCH, "job-adopt", job, style="soft"))
        return
    made.kind, made.text = "removed", "Removed from the queue. Nothing spent."
    if job.asked_by_id == around.membership.user_id:
        made.actions.insert(0, _action("Undo", "job-undo-removal", job, method="post"))


def _abandoned(made: Card, job: Job, around: Surroundings) -> None:
    cost = "" if job.operation in FREE else f" It may have cost {counted(made.price.credits, 'credit')}."
    made.text = f"Never found.{cost}"
    made.actions = [
        *([] if job.is_synchronous else [_action(SEARCH, "job-adopt", job, style="soft")]),
        *_dismiss(job),
    ]


DRAW = {
    State.QUEUED: _queued,
    State.SUBMITTING: _submitting,
    State.RUNNING: _running,
    State.UNKNOWN: _unknown,
    State.COLLECTING: _collecting,
    State.COMPLETED: _completed,
    State.FAILED: _failed,
    State.REJECTED: _rejected,
    State.CANCELLED: _cancelled,
    State.ABANDONED: _abandoned,
}
