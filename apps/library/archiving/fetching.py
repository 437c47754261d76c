"""Fetches a file from the remote side: by its public link, or for mp3 by GET /music/download.

A link may have expired (docs/api.md, point 26): then the job's record is read again for newer ones, and when it is
gone too the account's list of clips. A media link never gets the token.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from django.conf import settings
from django.utils import timezone

from apps.accounts import api_clients
from apps.accounts.api_clients import NoToken
from apps.accounts.models import ApiToken
from apps.library import songs
from apps.library.archiving.errors import FileUnavailable
from apps.library.models import Clip, ClipFile
from apps.upstream import media
from apps.upstream.deadline import Deadline
from apps.upstream.errors import Forbidden, Gone, TokenRefused, UpstreamError
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.ids import account_of_clip
from apps.upstream.records import ClipRecord

Kind = ClipFile.Kind

MEGABYTE = 1024 * 1024
MOST_BYTES = {
    Kind.M4A: 100 * MEGABYTE,
    Kind.MP3: 100 * MEGABYTE,
    Kind.COVER: 15 * MEGABYTE,
    Kind.WAV: 700 * MEGABYTE,
}
EXPIRED = frozenset({400, 403, 404, 410})
MOST_PAGES = 20  # of 100 clips each: a list without an end would hold the worker


def fetch(file: ClipFile, to: BinaryIO, *, deadline: Deadline) -> None:
    """Writes the file as the remote side has it. Raises UpstreamError, or FileUnavailable: nobody to ask."""
    if file.kind == Kind.MP3:
        _ask(file, to, deadline)
        return
    tried = {""}
    for link in _links(file):
        if link in tried:
            continue
        tried.add(link)
        try:
            _follow(link, file, to, deadline)
            return
        except UpstreamError as error:
            if error.status not in EXPIRED:
                raise
    if tried == {""}:
        raise FileUnavailable("Flow Music gives no link to this file yet.")
    raise FileUnavailable("The link to this file has expired, and Flow Music gives no newer one yet.")


def _links(file: ClipFile) -> Iterator[str]:
    """The known one, then as the job's record has it now, then as the account's list has it. Who is told one and
    comes back for the next has found that it leads nowhere.
    """
    yield file.source_url
    yield _newer(file, _of_job(file.clip))
    yield _newer(file, _of_account(file.clip))


def _newer(file: ClipFile, found: Iterable[ClipRecord]) -> str:
    """What the row says once the links of all files of the job are kept, for the others that need one too."""
    takes = Clip.objects.filter(subscription=file.clip.subscription_id, jobid=file.clip.jobid)
    by_id = {clip.clip_id: clip for clip in found}
    for take in takes.filter(team=file.clip.team_id, clip_id__in=by_id):
        songs.take_links(take, songs.links_of(by_id[take.clip_id]))
    return ClipFile.objects.values_list("source_url", flat=True).get(pk=file.pk)


def _of_job(clip: Clip) -> tuple[ClipRecord, ...]:
    if not clip.jobid:
        return ()
    with _client(clip) as client:
        try:
            return client.job(clip.jobid).clips
        except (Gone, Forbidden):
            return ()


def _of_account(clip: Clip) -> tuple[ClipRecord, ...]:
    """The page of the account's list on which the clip is."""
    email = clip.account.email if clip.account else account_of_clip(clip.clip_id)
    with _client(clip) as client:
        for page in _pages(client, email):
            if any(each.clip_id == clip.clip_id for each in page):
                return page
    return ()


def _pages(client: FlowMusic, email: str) -> Iterator[tuple[ClipRecord, ...]]:
    offset = 0
    for _ in range(MOST_PAGES):
        try:
            page = client.music_list(email, offset=offset)
        except Gone:
            return
        yield page.clips
        if page.next is None or page.next <= offset:
            return
        offset = page.next


def _ask(file: ClipFile, to: BinaryIO, deadline: Deadline) -> None:
    with _client(file.clip) as client:
        client.download_mp3(file.clip.clip_id, to, deadline_s=deadline.left(), max_bytes=MOST_BYTES[Kind.MP3])


def _follow(link: str, file: ClipFile, to: BinaryIO, deadline: Deadline) -> None:
    to.seek(0)
    to.truncate()
    most, origins = MOST_BYTES[Kind(file.kind)], settings.OPERATOR_ORIGINS
    media.fetch(link, to, deadline=deadline, max_bytes=most, allowed_origins=origins, service="Flow Music")


@contextmanager
def _client(clip: Clip) -> Iterator[FlowMusic]:
    """By a token of the clip's team, which is marked if it turns out to be refused."""
    token, client = _token_of(clip)
    try:
        yield client
    except TokenRefused as error:
        token.refuse(at=timezone.now(), reason=error.user_message)
        raise


def _token_of(clip: Clip) -> tuple[ApiToken, FlowMusic]:
    try:
        return api_clients.of_team(clip.team_id, clip.subscription_id, own_jobs=True)
    except NoToken as error:
        words = "There is no working API token for the account of this take. Enter a new one to continue."
        raise FileUnavailable(words) from error
