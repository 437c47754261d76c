"""Names a job on its card: the song's title, else what was requested and of what."""

from apps.accounts.templatetags.formatting import clock, short_email
from apps.generation.models import Job
from apps.generation.operations import EDITS, OPERATIONS
from apps.library.models.clips import number_in_batch


def title_of(job: Job) -> str:
    """For a job loaded with panel.with_card_relations."""
    label = OPERATIONS[job.operation].label
    if job.operation in EDITS:
        return f"{label}{_where(job)}, {job.source.shown_title}" if job.source else label
    if job.operation == "upload":
        return f"Send {job.file} to {short_email(job.account.email if job.account else '')}"
    if job.operation == "music":
        made = next(iter(job.song.takes.all()), None) if job.song else None
        return (made.title if made else "") or _quoted(job)
    return f"{label}: {_quoted(job)}"


def numbered(job: Job) -> str:
    """With which of the songs of one request it is: `Copper Rain 3/10`."""
    return f"{title_of(job)} {number_in_batch(job.batch_index, job.batch_size)}".rstrip()


def _quoted(job: Job) -> str:
    prompt = " ".join(str(job.params.get("prompt", "")).split())
    return f"“{prompt[:80]}{'…' if len(prompt) > 80 else ''}”"


def _where(job: Job) -> str:
    """The part of the take that it is about."""
    asked = job.params
    match job.operation:
        case "replace":
            return f" {clock(asked.get('mask_start_s'))}–{clock(asked.get('mask_end_s'))}"
        case "extend":
            return f" by {clock(asked['extend_s'])}" if asked.get("extend_s") else ""
        case "effect":
            return f" {asked.get('effect', '')}".rstrip()
    return ""
