"""The team's reference files: found, stored, restored, and erased after 30 days.

Several rows may stand for the same bytes, one per account: they share what is in the storage, which goes with the last.
"""

import logging
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.files.storage import storages
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps import shutdown
from apps.accounts.models import AuditEntry, FlowAccount, Team, User
from apps.library import songs
from apps.library.archiving import quota, reference_copy
from apps.library.input_names import InvalidInput
from apps.library.models import ReferenceFile
from apps.one_line import clean

logger = logging.getLogger(__name__)

RESTORABLE_FOR = timedelta(days=30)
AT_ONCE = 200
NAME_LIMIT = 200
# Whoever sends it looks it through first; a job that waits leaves that to the tick.
LOOKED_THROUGH_AFTER = timedelta(seconds=20)


def store(file_id: str) -> None:
    """What is due for the file: looking it through, or fetching what Flow Music made."""
    file = ReferenceFile.objects.live().filter(pk=file_id).first()
    if file:
        reference_copy.store(file)


def same_on(account: FlowAccount, *, team: Team, sha256: str, strip_metadata: bool) -> ReferenceFile | None:
    """The team's file of the same bytes on that account, whoever uploaded it there; with and without its hidden data it
    is two."""
    files = ReferenceFile.objects.for_team(team).live().filter(account=account, sha256=sha256)
    files = files.filter(strip_metadata=strip_metadata)
    return files.exclude(sha256="").order_by("origin", "created_at").first()


def add(file: ReferenceFile) -> None:
    """A new row with our own copy, in the caller's transaction. Raises IntegrityError for one that is there already."""
    shared = ReferenceFile.objects.filter(file=file.file.name).exists()
    file.next_try_at = None if file.examined_at else timezone.now() + LOOKED_THROUGH_AFTER
    file.save(force_insert=True)
    if not shared:
        quota.added(file.team_id, file.size or 0)


def shown_name(text: str, otherwise: str) -> str:
    """Of the file that somebody chose: its last part, one line, without signs that hide or turn."""
    return clean(text.replace("\\", "/").rpartition("/")[2])[:NAME_LIMIT].strip() or otherwise


def delete(file: ReferenceFile, *, by: User) -> bool:
    """Here, not at Flow Music. It can be restored for 30 days."""
    with transaction.atomic():
        gone = ReferenceFile.objects.live().filter(pk=file.pk).update(deleted_at=timezone.now()) == 1
        if gone:
            _note(file.team, by, "file deleted", file)
    return gone


def restore(team: Team, pk: str, *, by: User) -> ReferenceFile:
    """Raises InvalidInput when it is erased, or the same file is there anew."""
    try:
        file = ReferenceFile.objects.for_team(team).filter(pk=pk).first()
    except ValidationError:
        file = None
    if file is None:
        raise InvalidInput("This file has been erased.")
    try:
        with transaction.atomic():
            if ReferenceFile.objects.filter(pk=file.pk).exclude(deleted_at=None).update(deleted_at=None):
                _note(team, by, "file restored", file)
    except IntegrityError:
        raise InvalidInput("The same file has been uploaded to that account again.") from None
    return file


def deleted(team: Team) -> QuerySet[ReferenceFile]:
    """What can be restored, deleted last first."""
    gone = ReferenceFile.objects.for_team(team).exclude(deleted_at=None).select_related("account")
    return gone.order_by("-deleted_at", "-pk")


def purge_expired() -> int:
    """Erases what was deleted long enough ago. Gives how many."""
    old = ReferenceFile.objects.filter(deleted_at__lte=timezone.now() - RESTORABLE_FOR).select_related("team")
    due = old.order_by("deleted_at")[:AT_ONCE]
    return sum(_try_to_erase(file) for file in due if not shutdown.has_begun())


def _try_to_erase(file: ReferenceFile) -> bool:
    try:
        return erase(file)
    except Exception:  # whatever the store of today raises; the next purge tries again
        logger.exception("reference file %s could not be removed from the storage", file.pk)
        return False


def erase(file: ReferenceFile) -> bool:
    """For good, what was deleted: from the storage first, for a file that no row knows would stay for ever."""
    with transaction.atomic():
        songs.lock_team(file.team)  # who shares the same bytes, one after the other
        row = ReferenceFile.objects.filter(pk=file.pk).exclude(deleted_at=None).first()
        if row is None:
            return False
        for name, size in _own_files(row):
            storages["default"].delete(name)
            quota.freed(row.team_id, size)
        row.delete()
    return True


def _own_files(file: ReferenceFile) -> list[tuple[str, int]]:
    """Those in the storage that no other row stands for, with their sizes."""
    others = ReferenceFile.objects.exclude(pk=file.pk)
    found = []
    if file.file and not others.filter(Q(file=file.file.name)).exists():
        found.append((str(file.file.name), file.size or 0))
    if file.thumb and not others.filter(Q(thumb=file.thumb.name)).exists():
        found.append((str(file.thumb.name), _size(file)))
    return found


def _size(file: ReferenceFile) -> int:
    try:
        return int(file.thumb.size)
    except FileNotFoundError:
        return 0


def _note(team: Team, by: User, action: str, file: ReferenceFile) -> None:
    AuditEntry.objects.create(team=team, by=by, action=action, subject=f"{file} on {file.where}"[:200])
