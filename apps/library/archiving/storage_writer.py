"""Writes a file into the storage and then its row: one conditional UPDATE says that the file is there.

A file is written under a name that nobody knows before that UPDATE, so half a file is never served; the name is that
of the claim, so whoever comes next finds what a dead one left.
"""

import hashlib
import os
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, storages
from django.db import transaction
from django.utils import timezone

from apps.library import songs
from apps.library.archiving import guard, quota
from apps.library.archiving.guard import Cover, Heard
from apps.library.archiving.media_check import Checked
from apps.library.models import Clip, ClipFile, Song
from apps.wake import wake

Kind, State = ClipFile.Kind, ClipFile.State

EXTENSIONS = {
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
}
THUMB = "-160.webp"
# Longer than a link of the store is valid, and than most songs last.
FORMER_STAYS = timedelta(minutes=15)


def store(file: ClipFile, claim_id: uuid.UUID, copy: BinaryIO, checked: Checked) -> bool:
    """Keeps the copy. False: the claim was lost meanwhile, and what was stored is thrown away again."""
    names = [save(file, claim_id, copy, EXTENSIONS[checked.content_type])]
    if checked.cover:
        names.append(put(_place(file, claim_id) + THUMB, ContentFile(checked.cover.thumb)))
    values = measure(copy) | {"content_type": checked.content_type, "has_cover": checked.has_cover}
    if _write_down(file, claim_id, checked, names, values):
        return True
    for name in names:
        storages["default"].delete(name)
    return False


def save(file: ClipFile, claim_id: uuid.UUID, copy: BinaryIO, extension: str) -> str:
    """Puts the copy into the storage, all of it and for good. Returns its name there."""
    copy.seek(0)
    return put(f"{_place(file, claim_id)}.{extension}", File(copy))


def make_thumb(cover: ClipFile, *, instead_of: ClipFile) -> bool:
    """The small picture anew, from our own cover. False: either row has changed meanwhile."""
    with cover.file.open("rb") as stored:
        found = guard.examine_cover(cast(BinaryIO, stored))
    name = put(_place(cover, uuid.uuid4()) + THUMB, ContentFile(found.thumb))
    with transaction.atomic():
        list(Clip.objects.select_for_update(no_key=True).filter(pk=cover.clip_id).values("pk"))
        same = ClipFile.objects.stored()
        if all(same.filter(pk=each.pk, file=each.file.name).exists() for each in (cover, instead_of)):
            _learn_cover(cover.clip, found, name)
            return True
    storages["default"].delete(name)
    return False


def clear_away(file: ClipFile) -> None:
    """What an earlier owner of the claim may have left in the storage before it died."""
    if file.claim is None:
        return
    storage = storages["default"]
    for ending in (*(f".{extension}" for extension in _extensions(file)), THUMB):
        storage.delete(_place(file, file.claim) + ending)


def _extensions(file: ClipFile) -> tuple[str, ...]:
    return ("jpg", "png", "webp") if file.kind == Kind.COVER else (file.kind,)


def _place(file: ClipFile, claim: uuid.UUID) -> str:
    """Random, so never guessed nor written twice, and known to the row before anything is written."""
    return f"clips/{file.clip.team_id}/{file.clip_id}/{claim.hex}"


def put(name: str, content: File) -> str:
    """Into the storage, all of it and for good."""
    storage = storages["default"]
    name = storage.save(name, content)
    if isinstance(storage, FileSystemStorage):
        _write_through(storage, name)
    return name


def _write_through(storage: FileSystemStorage, name: str) -> None:
    """The row will say "stored" through a power cut; so must the bytes be there, and the folders that name them."""
    path, root = Path(storage.path(name)), Path(storage.location)
    for each in (path, *(folder for folder in path.parents if folder.is_relative_to(root))):
        handle = os.open(each, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def measure(copy: BinaryIO) -> dict[str, Any]:
    """`sha256` and `size`."""
    copy.seek(0)
    digest = hashlib.file_digest(copy, "sha256").hexdigest()  # type: ignore[arg-type]
    return {"sha256": digest, "size": copy.tell()}


def _write_down(
    file: ClipFile, claim_id: uuid.UUID, checked: Checked, names: list[str], values: dict[str, Any]
) -> bool:
    now = timezone.now()
    values |= {"state": State.STORED, "file": names[0], "stored_at": now, "last_error": "", "tries": 0}
    values |= {"claim": None, "claim_until": None}
    values |= {"next_try_at": now + FORMER_STAYS if file.former else None}
    values |= {"title_in_tags": file.clip.plain_title if file.kind in ClipFile.AUDIO else None}
    with transaction.atomic():
        # A cover and audio that are stored at the same time: the second one sees what the first one wrote.
        if not _is_there(file.clip):
            return False
        if file.claimed_by(claim_id).filter(state=State.WANTED).update(**values) != 1:
            return False
        quota.added(file.clip.team_id, values["size"])
        if checked.heard and file.kind != Kind.WAV:
            _learn_sound(file.clip, checked.heard)
        if checked.cover:
            _learn_cover(file.clip, checked.cover, names[1])
        _tag_anew(file.clip)
        songs.tag_anew(file.clip_id)
        wake("generation.collect", str(file.clip.song_id))
    return True


def _is_there(clip: Clip) -> bool:
    """Locks it. False: it was erased meanwhile, so nothing of it is learnt or kept any more."""
    there = Clip.objects.select_for_update(no_key=True).filter(pk=clip.pk, erased_at=None)
    return bool(list(there.values("pk")))


def _tag_anew(clip: Clip) -> None:
    """Audio that was stored before its cover: it is due now."""
    files = ClipFile.objects.stored().filter(clip=clip)
    if files.filter(kind=Kind.COVER).exists():
        bare = files.filter(kind__in=ClipFile.AUDIO, has_cover=False, next_try_at=None)
        bare.update(next_try_at=timezone.now(), tries=0)


def _learn_sound(clip: Clip, heard: Heard) -> None:
    """From whichever of m4a and mp3 was first."""
    learnt = {"duration_s": heard.duration_s, "peaks": heard.peaks, "rms": heard.rms}
    learnt |= {"loudness_db": heard.loudness_db}
    Clip.objects.filter(pk=clip.pk, peaks__isnull=True).update(**learnt)


def _learn_cover(clip: Clip, cover: Cover, thumb: str) -> None:
    """The small picture; and the song's tone, which is take A's, or another take's until A has a cover."""
    digest = hashlib.sha256(cover.thumb).hexdigest()
    values: dict[str, Any] = {
        "state": State.STORED,
        "file": thumb,
        "size": len(cover.thumb),
        "sha256": digest,
    }
    values |= {"content_type": "image/webp", "stored_at": timezone.now()}
    _store_thumb(clip, values)
    songs = Song.objects.filter(pk=clip.song_id)
    whole = songs.filter(source=None)  # an edit keeps the tone of what it was made of
    (whole if clip.take == 0 else songs.filter(tone="")).update(tone=cover.tone)


def _store_thumb(clip: Clip, values: dict[str, Any]) -> None:
    """Where there is one already, its file follows when nobody looks at it any more."""
    old = ClipFile.objects.stored().filter(clip=clip, kind=Kind.THUMB).first()
    if old:
        values |= {"former": old.file.name, "next_try_at": timezone.now() + FORMER_STAYS}
    ClipFile.objects.update_or_create(clip=clip, kind=Kind.THUMB, defaults=values)
    quota.added(clip.team_id, values["size"] - (old.size or 0 if old else 0))
