"""Tasks carry ids and wake people up; what is due is in the rows."""

from celery import shared_task

from apps.library import bin, references
from apps.library.archiving import archive, reference


@shared_task(name="library.archive")
def archive_file(file_id: int) -> None:
    archive.archive(file_id)


@shared_task(name="library.sweep")
def sweep_files() -> None:
    archive.sweep()
    reference.sweep()


@shared_task(name="library.reference")
def keep_reference(file_id: str) -> None:
    references.keep(file_id)


@shared_task(name="library.bin")
def sweep_bin() -> None:
    bin.sweep()
    references.sweep()
