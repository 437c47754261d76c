"""Writes the cards of jobs that are under way: queued, sent, running, of unknown outcome, being saved."""

from datetime import datetime

from django.urls import reverse

from apps.accounts.templatetags.formatting import clock, when
from apps.generation.job_pages.cards import SEARCH, Action, Card, Surroundings, action, retry
from apps.generation.jobs import decisions, transitions
from apps.generation.models import Job
from apps.generation.operations import AGAIN, OPERATIONS
from apps.generation.queue import wait_reasons
from apps.library.models import Clip, ClipFile
from apps.plural import counted


def queued(made: Card, job: Job, around: Surroundings) -> None:
    made.position = around.positions.get(job.pk)
    made.actions = [action("Remove from queue", "job-remove", job, method="post")]
    where = (around.slots, made.position, around.now)
    reason = wait_reasons.STOPPED
    if not around.is_paused:
        reason = wait_reasons.reason(job, around.creators, *where, lent=around.lent)
    made.kind, made.text, made.heed_icon = reason.kind, reason.text, reason.icon or "octagon"
    if reason.kind == "paused":
        made.actions.insert(0, action("Resume", "job-resume", job, method="post", style="soft"))
    elif reason.kind == "blocked":
        made.side_text, made.by_managers = "nothing spent", around.is_paused
        if reason.mend_label:
            made.actions.insert(0, Action(label=reason.mend_label, url=reason.mend_url, style="soft"))
    else:
        made.actions.insert(0, action("Pause", "job-pause", job, method="post"))
        if reason.can_be_tried:
            made.actions.insert(0, action("Try now", "job-try-now", job, method="post", style="soft"))
        made.subtitle = reason.short or made.subtitle
        made.side_text = str(made.price)


def submitting(made: Card, job: Job, around: Surroundings) -> None:
    if job.is_synchronous and job.sent_at:
        _under_way(made, job, around, since=job.sent_at)
        return
    made.subtitle = f"to {made.subtitle}"
    made.actions = (
        [] if job.cancel_requested_at or job.is_synchronous else [action("Cancel…", "job-cancel", job)]
    )


def _under_way(made: Card, job: Job, around: Surroundings, *, since: datetime) -> None:
    elapsed = (around.now - since).total_seconds()
    made.kind, made.started_epoch = "running", int(since.timestamp())
    made.time_text = str(clock(elapsed))
    made.subtitle = f"{OPERATIONS[job.operation].label} · {made.subtitle}"
    made.side_text = f"usually {clock(made.usual_s)}" if made.usual_s else ""
    if made.usual_s and elapsed > made.usual_s:
        made.kind, made.text = "long", "Still running. Nothing to do."


def running(made: Card, job: Job, around: Surroundings) -> None:
    _under_way(made, job, around, since=job.accepted_at or job.created_at)
    if job.subscription_id not in around.readable:
        made.kind, made.text, made.actions = "running", wait_reasons.unread(job), [_enter_token(job)]
    elif job.cancel_requested_at:
        other = job.decided_by_another
        made.text = f"Being cancelled{f' by {other.short_name}' if other else ''}. What it cost is spent."
    else:
        made.actions = [action("Cancel…", "job-cancel", job)]


def _enter_token(job: Job) -> Action:
    return Action(label=wait_reasons.label(job), url=reverse("tokens"), style="soft")


def unknown(made: Card, job: Job, around: Surroundings) -> None:
    checked = f"Checked {job.times_checked} times" if job.times_checked != 1 else "Checked once"
    check = action("Check now", "job-check", job, method="post", style="soft")
    lost = action("Mark as lost…", "job-mark-lost", job)
    made.time_text = str(when(job.sent_at or job.unknown_since))
    if job.is_synchronous:
        _response_lost(made, job, lost)
    elif job.subscription_id not in around.readable:
        made.text = wait_reasons.unread(job)
        made.actions = [_enter_token(job), lost, retry(made, job)]
    elif job.given_up:
        made.kind = "given_up"
        made.text = "Not found in 40 min. If it went through after all, retrying pays twice."
        search = action(SEARCH, "job-adopt", job, style="soft")
        made.actions = [search, retry(made, job), lost]
    else:
        made.text = f"{job.error_text or transitions.LOST} {checked}."
        made.actions = [check, lost, retry(made, job)]


def _response_lost(made: Card, job: Job, lost: Action) -> None:
    """There is no record to search for; what a retry means depends on what it was."""
    made.kind, made.text = "given_up", f"{job.error_text or transitions.LOST} {AGAIN[job.operation]}"
    if job.settles_at:
        made.kind = "unknown"
        made.text = job.error_text or decisions.SETTLING
    made.actions = [lost] if job.settles_at else [retry(made, job, style="soft"), lost]


def collecting(made: Card, job: Job, around: Surroundings) -> None:
    takes = job.takes
    made.takes = [take for take in takes if take.is_playable and not take.stem_type]
    made.text = _saving(takes)
    made.time_text = str(when(job.collecting_since))
    made.side_text = f"made in {clock(job.duration_ms / 1000)}" if job.duration_ms else ""


def _saving(takes: list[Clip]) -> str:
    """How many of the files that a song must have are here; a take may be heard before that."""
    files = [file for take in takes for file in take.files.all() if file.kind in ClipFile.FIRST]
    wanted = [file for file in files if file.state != ClipFile.State.NONE]
    saved = f"Saving {sum(file.is_stored for file in wanted)} of {counted(len(wanted), 'file')}"
    return f"{saved}{_already(takes)}."


def _already(takes: list[Clip]) -> str:
    """Stems don't: the mixer opens when all of them are here."""
    playable = [take for take in takes if take.is_playable and not take.stem_type]
    if not playable:
        return ""
    if len(playable) == len(takes):
        all_of_them = {1: "it plays", 2: "both takes play"}.get(len(takes), f"all {len(takes)} takes play")
        return f"; {all_of_them} already"
    letters = " and ".join(take.letter for take in playable)
    return (
        f"; take{'' if len(playable) == 1 else 's'} {letters} play{'s' if len(playable) == 1 else ''} already"
    )
