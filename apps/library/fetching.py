"""Getting a file from the remote side: by its public link, or for mp3 by GET /music/download.

A link may have expired (useapi-notes, section 3): then the job's record is read again for newer ones. A media
link never gets the token.
"""

from typing import BinaryIO

from django.conf import settings
from django.utils import timezone

from apps.accounts import clients
from apps.accounts.crypto import CannotDecrypt
from apps.accounts.models import ApiToken
from apps.library import songs
from apps.library.faults import NoWay
from apps.library.models import Clip, ClipFile
from apps.upstream import media
from apps.upstream.deadline import Deadline
from apps.upstream.errors import Gone, TokenRefused, UpstreamError
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.records import JobRecord

Kind = ClipFile.Kind

MEGABYTE = 1024 * 1024
MOST_BYTES = {
    Kind.M4A: 100 * MEGABYTE,
    Kind.MP3: 100 * MEGABYTE,
    Kind.COVER: 15 * MEGABYTE,
    Kind.WAV: 700 * MEGABYTE,
}
EXPIRED = frozenset({400, 403, 404, 410})


def fetch(file: ClipFile, to: BinaryIO, *, deadline: Deadline) -> None:
    """Writes the file as the remote side has it. Raises UpstreamError, or NoWay: nobody to ask."""
    if file.kind == Kind.MP3:
        _ask(file, to, deadline)
        return
    try:
        if file.source_url:
            _follow(file.source_url, file, to, deadline)
            return
    except UpstreamError as error:
        if error.status not in EXPIRED:
            raise
    link = newer_link(file)
    if link in ("", file.source_url):
        raise NoWay("The link to this file has expired, and Flow Music gives no newer one yet.")
    _follow(link, file, to, deadline)


def newer_link(file: ClipFile) -> str:
    """From the job's record, read again; "" if there is none. Its links are kept for all files of the job."""
    record = _record_of(file.clip) if file.clip.jobid else None
    if record is None:
        return ""
    takes = Clip.objects.filter(subscription=file.clip.subscription_id, jobid=file.clip.jobid)
    by_id = {clip.clip_id: clip for clip in record.clips}
    for take in takes:
        if take.clip_id in by_id:
            songs.take_links(take, songs.links_of(by_id[take.clip_id]))
    return ClipFile.objects.values_list("source_url", flat=True).get(pk=file.pk)


def _record_of(clip: Clip) -> JobRecord | None:
    token, client = _client(clip)
    try:
        return client.job(clip.jobid)
    except Gone:
        return None
    except TokenRefused as error:
        token.refuse(at=timezone.now(), reason=error.user_message)
        raise


def _ask(file: ClipFile, to: BinaryIO, deadline: Deadline) -> None:
    token, client = _client(file.clip)
    try:
        client.download_mp3(file.clip.clip_id, to, deadline_s=deadline.left(), max_bytes=MOST_BYTES[Kind.MP3])
    except TokenRefused as error:
        token.refuse(at=timezone.now(), reason=error.user_message)
        raise


def _follow(link: str, file: ClipFile, to: BinaryIO, deadline: Deadline) -> None:
    to.seek(0)
    to.truncate()
    most, origins = MOST_BYTES[Kind(file.kind)], settings.OPERATOR_ORIGINS
    media.fetch(link, to, deadline=deadline, max_bytes=most, allowed_origins=origins, service="Flow Music")


def _client(clip: Clip) -> tuple[ApiToken, FlowMusic]:
    try:
        found = clients.of_subscription(clip.subscription)
    except CannotDecrypt as error:
        raise NoWay("The token for this account can't be read here. Enter it again.") from error
    if found is None:
        raise NoWay("There is no working token for the account that made this. Enter a new one to go on.")
    return found
