"""Our own copy of a reference file: looked through before it is sent on, fetched when Flow Music made it.

The row is the timer and the claim: whoever works on it puts `next_try_at` off first, and a tick finds what is due.
"""

import hashlib
import logging
import tempfile
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from apps import shutdown
from apps.library import leases
from apps.library.archiving import container_bounds, file_types, guard, quota, storage_writer, team_lock
from apps.library.archiving.archiver import TRY_AGAIN_AFTER, WOKEN_AT_ONCE
from apps.library.archiving.errors import BadFile, NotExamined, NotStored
from apps.library.models import ReferenceFile
from apps.upstream import media
from apps.upstream.deadline import Deadline
from apps.upstream.errors import UpstreamError
from apps.wake import wake

logger = logging.getLogger(__name__)

FETCH_WITHIN_S = 60.0
TAKES_AT_MOST = timedelta(minutes=5)
TRIED_FOR = 30  # times: about seven days
NEXT_IN_TURN = timedelta(seconds=5)
THUMB_PX = 320  # as the examiner makes it
UNREADABLE_AFTER = 3  # times that whoever read it didn't live to tell
LOST = "Our copy of this file is missing from the storage here. Delete it, and choose the file again."
UNREADABLE = "This file could not be read here, so it was not sent. Choose another copy of it."


def store(file: ReferenceFile) -> bool:
    """Does what is due for it. False: nothing is, or somebody else is at it, or it is tried again later."""
    claim = _Claim(file)
    if shutdown.has_begun() or not claim.take():
        return False
    with leases.lease(renew=claim.renew, free=claim.free, most=TAKES_AT_MOST):
        if file.file:
            return _examine_in_turn(file)
        return _try(file, lambda: _fetch(file))


def wake_due() -> int:
    """Wakes the work for what is due; messages may have been lost. Returns how many."""
    due = ReferenceFile.objects.due(timezone.now()).values_list("pk", flat=True)[:WOKEN_AT_ONCE]
    for pk in due:
        wake("library.reference", str(pk))
    return len(due)


def _examine_in_turn(file: ReferenceFile) -> bool:
    try:
        examine(file)
    except NotExamined:
        again = timezone.now() + NEXT_IN_TURN
        ReferenceFile.objects.filter(pk=file.pk, examined_at=None).update(next_try_at=again)
        return False
    return True


def examine(file: ReferenceFile) -> str:
    """Decodes our copy to its end, once; what is wrong with it, in words for a person, "" for a good one.

    Raises NotExamined: another file of this team is being read, or whoever read this one was ended.
    """
    if file.examined_at:
        return file.problem
    with team_lock.locked(file.team_id):
        if file.tries >= UNREADABLE_AFTER:
            _found_unfit(file, BadFile(UNREADABLE))
            return UNREADABLE
        ReferenceFile.objects.filter(pk=file.pk).update(tries=F("tries") + 1)
        file_type = file_types.TYPES[file.content_type]
        try:
            with file.file.open("rb") as stored:
                opened = cast(BinaryIO, stored)
                container_bounds.check_bounds(opened, file.size or 0, file_type)
                seen = guard.examine(opened, file_type)
        except BadFile as error:
            _found_unfit(file, error)
            return error.words
        except FileNotFoundError:
            return LOST
    _learn(file, seen)
    return ""


def forget_verdict(file: ReferenceFile) -> None:
    """What was found unfit is looked through anew."""
    if file.problem:
        file.examined_at, file.problem, file.tries, file.last_error = None, "", 0, ""
        file.save(update_fields=["examined_at", "problem", "tries", "last_error"])


def _found_unfit(file: ReferenceFile, error: BadFile) -> None:
    """With what the decoder said, as evidence for whoever is asked about it."""
    file.examined_at, file.problem, file.next_try_at = timezone.now(), error.words[:300], None
    file.last_error = error.cause[:300]
    file.save(update_fields=["examined_at", "problem", "next_try_at", "last_error"])


def _learn(file: ReferenceFile, seen: guard.Seen) -> None:
    """Twice is harmless: the small picture that comes second is thrown away."""
    now = timezone.now()
    values: dict[str, Any] = {"examined_at": now, "next_try_at": None, "tries": 0, "last_error": ""}
    values |= {name: value for name, value in _sizes(seen).items() if value is not None}
    name = _save_thumb(file, seen.thumb) if seen.thumb else ""
    with transaction.atomic():
        fresh = ReferenceFile.objects.filter(pk=file.pk, examined_at=None)
        if fresh.update(thumb=name, **values) == 1:
            quota.added(file.team_id, len(seen.thumb))
            name = ""
    if name:
        storages["default"].delete(name)
    file.refresh_from_db()


def _sizes(seen: guard.Seen) -> dict[str, Any]:
    return {"width": seen.width, "height": seen.height, "duration_s": seen.duration_s}


def save(team_id: uuid.UUID, copy: BinaryIO, extension: str) -> str:
    """Puts a file into the storage, under a name that nobody can guess. Returns that."""
    copy.seek(0)
    return storage_writer.put(f"references/{team_id}/{uuid.uuid4().hex}.{extension}", File(copy))


def _save_thumb(file: ReferenceFile, thumb: bytes) -> str:
    name = f"references/{file.team_id}/{uuid.uuid4().hex}-{THUMB_PX}.webp"
    return storage_writer.put(name, ContentFile(thumb))


class _Claim:
    """The time that is in the row is the claim: whoever finds another one there has lost it."""

    def __init__(self, file: ReferenceFile) -> None:
        self._pk, self._until = file.pk, timezone.now()

    def take(self) -> bool:
        return self._put_off(ReferenceFile.objects.due(timezone.now()).filter(pk=self._pk).order_by())

    def renew(self) -> bool:
        return self._put_off(self._mine())

    def free(self) -> bool:
        return self._mine().update(next_try_at=timezone.now()) == 1

    def _mine(self) -> QuerySet[ReferenceFile]:
        return ReferenceFile.objects.filter(pk=self._pk, next_try_at=self._until)

    def _put_off(self, rows: QuerySet[ReferenceFile]) -> bool:
        until = timezone.now() + leases.LASTS
        if rows.update(next_try_at=until) != 1:
            return False
        self._until = until
        return True


def _try(file: ReferenceFile, fetch: Callable[[], None]) -> bool:
    """Tries again later what went wrong, longer each time, for about a week."""
    try:
        fetch()
        return True
    except UpstreamError as error:
        words = error.user_message
    except NotStored as error:
        words = error.words
    except Exception:  # a full disk, a storage that is down
        logger.exception("reference file %s could not be stored", file.pk)
        words = "This could not be stored here."
    pause = TRY_AGAIN_AFTER[min(file.tries, len(TRY_AGAIN_AFTER) - 1)]
    again = None if file.tries >= TRIED_FOR else timezone.now() + pause
    ReferenceFile.objects.filter(pk=file.pk).update(
        tries=F("tries") + 1, next_try_at=again, last_error=words[:300]
    )
    return False


def _fetch(file: ReferenceFile) -> None:
    """The picture that Flow Music made, by its link: without a token."""
    with tempfile.TemporaryFile(dir=settings.DATA_DIR) as copy:
        media.fetch(
            file.source_url,
            copy,
            deadline=Deadline(FETCH_WITHIN_S),
            max_bytes=file_types.MOST_IMAGE,
            allowed_origins=settings.OPERATOR_ORIGINS,
            service="Flow Music",
        )
        size = copy.tell()
        copy.seek(0)
        file_type = file_types.recognise(copy.read(file_types.HEAD))
        seen = guard.examine(copy, file_type)
        copy.seek(0)
        digest = hashlib.file_digest(copy, "sha256").hexdigest()
        names = [save(file.team_id, copy, file_type.extension), _save_thumb(file, seen.thumb)]
    values: dict[str, Any] = {
        "content_type": file_type.content_type,
        "size": size,
        "sha256": digest,
        **_sizes(seen),
    }
    values |= {"examined_at": timezone.now(), "next_try_at": None, "tries": 0, "last_error": ""}
    with transaction.atomic():
        empty = ReferenceFile.objects.filter(pk=file.pk, file="")
        if empty.update(file=names[0], thumb=names[1], **values) == 1:
            quota.added(file.team_id, size + len(seen.thumb))
            return
    for name in names:
        storages["default"].delete(name)
