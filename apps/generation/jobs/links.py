"""Links from a job to its form, filled with its request, and to the page of its result."""

import re
from uuid import UUID

from django.urls import reverse

from apps.addresses import address
from apps.generation.models import Job
from apps.generation.operations import EDITS
from apps.library.models import Song


def form_of(job: Job) -> str:
    """The page on which the request can be changed and sent anew; "" without one."""
    if job.operation in EDITS:
        return f"{_edit(job.source_id, job.operation)}?from={job.pk}" if job.source_id else ""
    match job.operation:
        case "music":
            return f"{reverse('create')}?from={job.pk}"
        case "image":
            return f"{reverse('image')}?from={job.pk}"
        case "lyrics":
            return _draft_page(job, "#again")
        case "upload":  # there it can be sent without what it was refused for
            return result_of(job)
    return ""


def label_of_form(job: Job) -> str:
    """Of the button that leads there."""
    if job.operation == "upload":
        return "Open file"
    return "Edit prompt" if job.operation in {"music", "image", "lyrics"} else "Edit settings"


def form_with_default_model(job: Job) -> str:
    """The same form without the model, if it was the model that was refused: not every server knows each one."""
    is_about_it = re.search(r"\bmodel\b", job.error_quote, re.IGNORECASE)
    return f"{form_of(job)}&model=" if job.params.get("model") and is_about_it else ""


def form_of_song(song: Song) -> str:
    """The same for what was made, when it is an edit of a take; "" when the song form is its form."""
    if song.operation in EDITS and song.source_id:
        return f"{_edit(song.source_id, song.operation)}?song={song.pk}"
    return ""


def _edit(source: UUID, operation: str) -> str:
    return address("clip-edit", source, operation)


def result_of(job: Job) -> str:
    """The page of what it made, for those that make no takes to choose from; "" without one."""
    if job.operation in {"image", "upload"} and job.file and not job.file.deleted_at:
        return f"{reverse('files')}#file-{job.file_id}"
    if job.operation == "stems" and job.source_id:
        return address("clip-stems", job.source_id)
    if job.operation == "lyrics":
        return _draft_page(job)
    return ""


def _draft_page(job: Job, part: str = "") -> str:
    """Nowhere when it was deleted."""
    if job.lyric_draft is None or job.lyric_draft.deleted_at:
        return ""
    return address("lyric-draft", job.lyric_draft.pk) + part
