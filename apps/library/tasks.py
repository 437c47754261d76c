"""Tasks carry ids and wake people up; what is due is in the rows."""

from threading import BoundedSemaphore

from celery import shared_task
from django.conf import settings

from apps.accounts import ticks
from apps.library import references, reindex
from apps.library.archiving import archiver, backfill, reference_copy
from apps.library.curation import trash
from apps.library.importing import actions, runner

WALKS = BoundedSemaphore(max(1, settings.SLOW_THREADS // 4))
REINDEXING = BoundedSemaphore(1)


@shared_task(name="library.archive")
def archive_file(file_id: int) -> None:
    archiver.archive(file_id)


@shared_task(name="library.sweep")
def wake_files() -> None:
    if not ticks.is_due("library.sweep", 2 * settings.TICK):
        return
    archiver.wake_due()
    reference_copy.wake_due()
    backfill.wake_up()
    actions.wake_due()
    reindex.wake_up()


@shared_task(name="library.background")
def archive_in_background() -> None:
    backfill.run()


@shared_task(name="library.reindex")
def rebuild_search_text() -> None:
    if REINDEXING.acquire(blocking=False):
        try:
            reindex.run()
        finally:
            REINDEXING.release()


@shared_task(name="library.import")
def walk_import(import_id: str) -> None:
    if WALKS.acquire(blocking=False):
        try:
            runner.walk(import_id)
        finally:
            WALKS.release()


@shared_task(name="library.reference")
def store_reference(file_id: str) -> None:
    references.store(file_id)


@shared_task(name="library.bin")
def purge_trash() -> None:
    if not ticks.is_due("library.bin", 60 * settings.TICK):
        return
    trash.purge_expired()
    references.purge_expired()
