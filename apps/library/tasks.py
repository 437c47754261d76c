"""Tasks carry ids and wake people up; what is due is in the rows."""

from celery import shared_task

from apps.library import bin
from apps.library.archiving import archive


@shared_task(name="library.archive")
def archive_file(file_id: int) -> None:
    archive.archive(file_id)


@shared_task(name="library.sweep")
def sweep_files() -> None:
    archive.sweep()


@shared_task(name="library.bin")
def sweep_bin() -> None:
    bin.sweep()
