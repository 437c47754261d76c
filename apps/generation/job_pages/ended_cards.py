"""Writes the cards of jobs that are over: completed, failed, rejected, cancelled, marked as lost."""

from dataclasses import replace

from apps.accounts.templatetags.formatting import clock
from apps.generation.dispatch import responses, results
from apps.generation.job_pages.cards import RECENT, SEARCH, Action, Card, Surroundings, action, retry
from apps.generation.jobs import links
from apps.generation.models import Job
from apps.generation.operations import DONE, FREE
from apps.library.models import Clip
from apps.plural import counted

_RESULT = {"stems": "Open mixer"}


def completed(made: Card, job: Job, around: Surroundings) -> None:
    takes = job.takes
    # Stems are heard together, in the mixer.
    made.takes = [take for take in takes if take.is_playable and not take.stem_type]
    made.subtitle, made.tone = _count(job, takes), job.song.tone if job.song else ""
    if job.operation not in FREE:
        made.subtitle += f", {made.price}"
    made.side_text = f"made in {clock(job.duration_ms / 1000)}" if job.duration_ms else ""
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


def _dismiss(job: Job) -> list[Action]:
    """What somebody else ended is news for whoever requested it, and nobody else's to take away."""
    by_asker = job.ended_by_another is not None
    return [] if job.hidden_at else [action("Dismiss", "job-dismiss", job, method="post", by_asker=by_asker)]


def failed(made: Card, job: Job, around: Surroundings) -> None:
    rejected(made, job, around)
    made.side_text = f"after {clock(job.duration_ms / 1000)}" if job.duration_ms else ""
    made.actions.insert(1, retry(made, job))


def rejected(made: Card, job: Job, around: Surroundings) -> None:
    """What was refused as it is would be refused again: only a changed request helps."""
    made.text, made.quote, made.side_text = job.error_text, responses.quote_of(job), "nothing spent"
    made.actions = _dismiss(job)
    if form := links.form_of(job):
        made.actions.insert(0, Action(label=links.label_of_form(job), url=form, style="soft", by_anyone=True))
        if default := links.form_with_default_model(job):
            made.actions.insert(
                0, Action(label="Use the Default model", url=default, style="soft", by_anyone=True)
            )


def cancelled(made: Card, job: Job, around: Surroundings) -> None:
    other = _other(made, job, around)
    made.actions = _dismiss(job)
    if job.jobid or job.sent_at:
        may_be = f"{counted(made.price.credits, 'credit')} may be spent"
        done = f"Cancelled by {other}. " if other else ""
        made.text = f"{done}{may_be}; the song may still turn up at Flow Music."
        made.actions.insert(0, action(SEARCH, "job-adopt", job, style="soft"))
        return
    made.kind, made.text = (
        "removed",
        f"Removed from the queue{f' by {other}' if other else ''}. Nothing spent.",
    )
    whose = {"by_managers": True} if other else {"by_asker": True}
    if not (job.is_retried or (other and job.hidden_at)):
        made.actions.insert(0, action("Undo", "job-undo-removal", job, method="post", **whose))
    if other:
        made.actions.insert(0, replace(retry(made, job), by_asker=True))


def _other(made: Card, job: Job, around: Surroundings) -> str:
    """The name of who ended it, where that was not who requested it, who is told."""
    other = job.ended_by_another
    if other is None:
        return ""
    made.news_for_asker = job.hidden_at is None
    made.is_old = job.finished_at is not None and job.finished_at < around.now - RECENT
    return other.short_name


def abandoned(made: Card, job: Job, around: Surroundings) -> None:
    cost = "" if job.operation in FREE else f" It may have cost {counted(made.price.credits, 'credit')}."
    other = _other(made, job, around)
    made.text = f"{f'Marked as lost by {other}. ' if other else ''}Never found.{cost}"
    made.actions = [
        *([] if job.is_synchronous else [action(SEARCH, "job-adopt", job, style="soft")]),
        *_dismiss(job),
    ]
