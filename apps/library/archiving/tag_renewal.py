"""Gives a stored file the cover and title that its tags still lack, and deletes the file that it replaced."""

import uuid
from typing import Any, BinaryIO

from django.core.files.storage import storages
from django.db import transaction
from django.utils import timezone

from apps.library import songs
from apps.library.archiving import quota, storage_writer
from apps.library.archiving.errors import NotStored
from apps.library.archiving.media_check import check
from apps.library.models import ClipFile

# With other tags the file is as good to hear, so it is not tried for long.
MOST_TRIES = 5


def renew(file: ClipFile, claim_id: uuid.UUID, copy: BinaryIO) -> bool:
    """The next of it. False: the claim was lost meanwhile."""
    if file.former:
        return _delete_former(file, claim_id)
    if not _needs_tags(file) or file.tries >= MOST_TRIES:
        return _write_down(file, claim_id, {})
    return _tag_anew(file, claim_id, copy)


def _delete_former(file: ClipFile, claim_id: uuid.UUID) -> bool:
    storages["default"].delete(file.former)
    # Perhaps its cover came meanwhile: then there is more to do.
    more = _needs_tags(file)
    return _write_down(file, claim_id, {"former": "", "next_try_at": timezone.now() if more else None})


def _needs_tags(file: ClipFile) -> bool:
    return file.kind in ClipFile.AUDIO and (file.is_renamed or not file.has_cover)


def _tag_anew(file: ClipFile, claim_id: uuid.UUID, copy: BinaryIO) -> bool:
    """A second file beside the first, checked as a whole; then the row changes from one to the other."""
    _read(file, copy)
    checked = check(file, copy)
    if not checked.has_cover and not file.is_renamed:
        return _write_down(file, claim_id, {})
    name = storage_writer.save(file, claim_id, copy, storage_writer.EXTENSIONS[checked.content_type])
    now = timezone.now()
    values = storage_writer.measure(copy) | {"file": name, "has_cover": checked.has_cover, "stored_at": now}
    values |= {"title_in_tags": file.clip.plain_title}
    values |= {"former": file.file.name, "next_try_at": now + storage_writer.FORMER_STAYS}
    if _write_down(file, claim_id, values):
        return True
    storages["default"].delete(name)
    return False


def _read(file: ClipFile, copy: BinaryIO) -> None:
    """Our own copy. NotStored when it isn't what was stored: verify_archive says so, and mends it."""
    with file.file.open("rb") as stored:
        for piece in stored.chunks():
            copy.write(piece)
    if storage_writer.measure(copy)["sha256"] != file.sha256:
        raise NotStored("The stored file is not what it was.")


def _write_down(file: ClipFile, claim_id: uuid.UUID, changes: dict[str, Any]) -> bool:
    """Done with this; nothing more is due unless the changes say so."""
    done = {"next_try_at": None, "claim": None, "claim_until": None, "tries": 0, "last_error": ""}
    rows = file.claimed_by(claim_id).filter(state=ClipFile.State.STORED, file=file.file.name)
    with transaction.atomic():
        if rows.update(**(done | changes)) != 1:
            return False
        if "size" in changes:
            quota.added(file.clip.team_id, changes["size"] - (file.size or 0))
        songs.tag_anew(file.clip_id)  # it may have been given yet another name meanwhile
    return True
