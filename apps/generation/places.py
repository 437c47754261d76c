"""Where the form of a job is, filled with what it asked for, and where what came of it can be seen."""

from django.urls import reverse

from apps.generation.models import Job


def form_of(job: Job) -> str:
    """The page on which the same can be asked for with other words; "" without one."""
    match job.operation:
        case "music":
            return f"{reverse('create')}?from={job.pk}"
        case "image":
            return f"{reverse('image')}?from={job.pk}"
        case "lyrics":
            return _sheet(job, "#again")
    return ""


def result_of(job: Job) -> str:
    """The page of what it made, for those that make no takes to choose from; "" without one."""
    if job.operation in {"image", "upload"} and job.file and not job.file.deleted_at:
        return f"{reverse('files')}#file-{job.file_id}"
    if job.operation == "stems" and job.source_id:
        return reverse("clip-stems", args=[job.source_id])
    if job.operation == "lyrics":
        return _sheet(job)
    return ""


def _sheet(job: Job, part: str = "") -> str:
    """Nowhere when it was deleted."""
    if job.sheet is None or job.sheet.deleted_at:
        return ""
    return reverse("lyric-sheet", args=[job.sheet.pk]) + part
