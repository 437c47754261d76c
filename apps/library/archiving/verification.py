"""Is what the rows say still in the storage, byte for byte, and is there anything else? For verify_archive.

Safe beside a running site: rows are read in pages, nothing is held open, and what looks wrong is looked at twice.
What can't be read for another reason than its own damage says nothing of the file: then OSError is raised.
"""

import errno
import hashlib
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.core.files.storage import Storage, storages
from django.db import transaction
from django.utils import timezone

from apps.library import songs
from apps.library.archiving import quota, storage_writer
from apps.library.models import ClipFile, ReferenceFile
from apps.library.models.files import ClipFileQuerySet
from apps.library.models.references import ReferenceFileQuerySet
from apps.uuids import uuid_or_none

Kind, State = ClipFile.Kind, ClipFile.State

AT_ONCE = 200
PIECE = 256 * 1024
FOLDER = "clips"
_CLAIM = re.compile(r"[0-9a-f]{32}")

GOOD, MISSING, DAMAGED = "", "missing", "damaged"


def verify(files: ClipFileQuerySet, *, since: int = 0) -> Iterator[tuple[ClipFile, str]]:
    """Every stored file behind that id, with what is wrong with it: GOOD, MISSING or DAMAGED."""
    while page := list(_page(files, since)):
        for file in page:
            trouble = _look_at(file)
            yield file, trouble if trouble and _is_still_so(file) else GOOD
            since = file.pk


def verify_references(files: ReferenceFileQuerySet) -> Iterator[tuple[ReferenceFile, str]]:
    """The same of the files that people uploaded. Nobody can fetch those again: they are only told."""
    for file in files.stored().order_by("pk").iterator(AT_ONCE):
        trouble = _look_at(file)
        is_still_so = bool(trouble) and ReferenceFile.objects.filter(pk=file.pk, file=file.file.name).exists()
        yield file, trouble if is_still_so else GOOD


def mend(file: ClipFile) -> bool:
    """Has it fetched again, or made again from a good cover. What is damaged stays in the storage until a good one is
    there: it may be all there is. False: the row has changed meanwhile.
    """
    wanted = _source(file)
    if not wanted.is_stored:
        return False  # the cover is wanted already, and brings its small picture along
    if wanted.pk != file.pk and _look_at(wanted) == GOOD:
        return storage_writer.make_thumb(wanted, instead_of=file)
    stays, goes = _of_two(wanted)
    fresh = {"state": State.WANTED, "next_try_at": timezone.now(), "wanted_since": timezone.now(), "tries": 0}
    values: dict[str, Any] = {
        "file": "",
        "size": None,
        "sha256": "",
        "has_cover": False,
        "former": stays,
    }
    with transaction.atomic():
        if _same(wanted).update(**(fresh | values)) != 1:
            return False
        quota.freed(wanted.clip.team_id, wanted.size or 0)
        songs.wake_files([wanted.pk])
    if goes:
        wanted.file.storage.delete(goes)
    return True


def is_empty() -> bool:
    """No file at all is there: as when the disk of the storage isn't mounted."""
    return not any(names for _, names in _folders(storages["default"], FOLDER))


def unknown(team_id: UUID | None = None) -> Iterator[str]:
    """Names in the storage that no row knows, and nobody is just writing."""
    storage = storages["default"]
    for folder, names in _folders(storage, f"{FOLDER}/{team_id}" if team_id else FOLDER):
        known = _known(folder) if names else set()
        for name in names:
            claim = _CLAIM.match(name.rpartition("/")[2])
            if name not in known and not (claim and claim[0] in known) and storage.exists(name):
                yield name


def _page(files: ClipFileQuerySet, since: int) -> ClipFileQuerySet:
    return files.stored().filter(pk__gt=since).select_related("clip__song").order_by("pk")[:AT_ONCE]


def _look_at(file: ClipFile | ReferenceFile) -> str:
    digest, size = hashlib.sha256(), 0
    try:
        with file.file.storage.open(str(file.file.name), "rb") as stored:
            for piece in stored.chunks(PIECE):
                digest.update(piece)
                size += len(piece)
    except FileNotFoundError:
        return MISSING
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        return DAMAGED
    return GOOD if (digest.hexdigest(), size) == (file.sha256, file.size) else DAMAGED


def _is_still_so(file: ClipFile) -> bool:
    """It may have been tagged anew or erased while it was read."""
    return _same(file).exists()


def _same(file: ClipFile) -> ClipFileQuerySet:
    return ClipFile.objects.stored().filter(pk=file.pk, file=file.file.name, sha256=file.sha256)


def _source(file: ClipFile) -> ClipFile:
    """What has to be fetched: the small picture is made from the cover."""
    if file.kind != Kind.THUMB:
        return file
    return ClipFile.objects.select_related("clip").filter(clip=file.clip_id, kind=Kind.COVER).first() or file


def _of_two(file: ClipFile) -> tuple[str, str]:
    """Of a bad file and the one whose place it took: the name of the one to be kept, and of the one to go."""
    name = str(file.file.name)
    if file.former and file.file.storage.exists(file.former):
        return file.former, name
    return name, file.former


def _folders(storage: Storage, folder: str) -> Iterator[tuple[str, list[str]]]:
    """Each folder with the names of its files, one after the other: no list of all."""
    try:
        folders, names = storage.listdir(folder)
    except FileNotFoundError:
        return
    yield folder, [f"{folder}/{name}" for name in names]
    for each in folders:
        yield from _folders(storage, f"{folder}/{each}")


def _known(folder: str) -> set[str]:
    """What the rows say, read after the folder was: names, and claims of those who are writing."""
    clip_id = uuid_or_none(folder.rpartition("/")[2])
    if clip_id is None:
        return set()
    rows = ClipFile.objects.filter(clip=clip_id).values_list("file", "former", "claim")
    return {known for file, former, claim in rows for known in (file, former, claim.hex if claim else "")}
