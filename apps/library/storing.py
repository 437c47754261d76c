"""Into the storage, and then into the database: one conditional UPDATE says that the file is there."""

import hashlib
import os
import uuid
from typing import BinaryIO

from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.db import transaction
from django.utils import timezone

from apps.library.checking import Checked
from apps.library.covers import Cover
from apps.library.decoding import Heard
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


def store(file: ClipFile, mine: uuid.UUID, copy: BinaryIO, checked: Checked) -> bool:
    """Keeps the copy. False: the claim was lost meanwhile, and what was stored is thrown away again."""
    storage = storages["default"]
    values = _measure(copy) | {"content_type": checked.content_type}
    names = [_save(storage, _place(file, mine) + "." + EXTENSIONS[checked.content_type], File(copy))]
    if checked.cover:
        names.append(_save(storage, _place(file, mine) + THUMB, ContentFile(checked.cover.thumb)))
    if _write_down(file, mine, checked, names, values):
        return True
    for name in names:
        storage.delete(name)
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


def _save(storage: Storage, name: str, content: File) -> str:
    name = storage.save(name, content)
    if isinstance(storage, FileSystemStorage):
        # The row will say "stored" through a power cut; so must the bytes be there.
        handle = os.open(storage.path(name), os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    return name


def _measure(copy: BinaryIO) -> dict[str, object]:
    copy.seek(0)
    digest = hashlib.sha256()
    while piece := copy.read(256 * 1024):
        digest.update(piece)
    size = copy.tell()
    copy.seek(0)
    return {"sha256": digest.hexdigest(), "size": size}


def _write_down(
    file: ClipFile, mine: uuid.UUID, checked: Checked, names: list[str], values: dict[str, object]
) -> bool:
    now = timezone.now()
    values |= {"state": State.STORED, "file": names[0], "stored_at": now, "last_error": ""}
    values |= {"claim": None, "claim_until": None, "next_try_at": None}
    with transaction.atomic():
        if ClipFile.objects.filter(pk=file.pk, claim=mine, state=State.WANTED).update(**values) != 1:
            return False
        if checked.heard and file.kind != Kind.WAV:
            _learn_sound(file.clip, checked.heard)
        if checked.cover:
            _learn_cover(file.clip, checked.cover, names[1])
        wake("generation.collect", str(file.clip.song_id))
    return True


def _learn_sound(clip: Clip, heard: Heard) -> None:
    """From whichever of m4a and mp3 was first."""
    learnt = {"duration_s": heard.duration_s, "peaks": heard.peaks, "rms": heard.rms}
    learnt |= {"loudness_db": heard.loudness_db}
    Clip.objects.filter(pk=clip.pk, peaks__isnull=True).update(**learnt)


def _learn_cover(clip: Clip, cover: Cover, thumb: str) -> None:
    """The small picture; and the song's tone, which is take A's, or another take's until A has a cover."""
    digest = hashlib.sha256(cover.thumb).hexdigest()
    values = {"state": State.STORED, "file": thumb, "size": len(cover.thumb), "sha256": digest}
    values |= {"content_type": "image/webp", "stored_at": timezone.now()}
    ClipFile.objects.update_or_create(clip=clip, kind=Kind.THUMB, defaults=values)
    songs = Song.objects.filter(pk=clip.song_id)
    (songs if clip.take == 0 else songs.filter(tone="")).update(tone=cover.tone)
