"""Serves a stored file to a browser: by Range from local disk, or by a link to the store.

An <audio> element asks for `bytes=0-` and then reads slowly for minutes. From local disk such a request gets
at most 1 MiB and comes back for more (RFC 9110, 15.3.7: a server may send less than the range), so that it never
holds a thread. What has to come whole, a download, does hold one: of these a few are let in at once.

A file may be replaced while somebody hears it: its cover came, and is in its tags now. Who then asks on for the bytes
that he has the beginning of (If-Range) gets them from the former file, as long as that is kept.
"""

import hashlib
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Protocol

from django.core.files.storage import FileSystemStorage, Storage
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.utils.http import content_disposition_header, http_date, parse_etags

from apps.library.input_names import of_file
from apps.library.models import Clip, ClipFile
from apps.transfers import PIECE, LimitedStream, TooManyTransfers, message_for

logger = logging.getLogger(__name__)

AT_ONCE = 1024 * 1024
# Audio: for less time than a former file is kept, so that whoever asks on still gets the rest of what he has.
# Pictures come whole, so an old one does no harm.
CACHED, CACHED_PICTURE = "private, max-age=600", "private, max-age=86400"
# Tags and comments may hold whole pages: what is opened by its address is what its type says, and runs nothing.
RUNS_NOTHING = "default-src 'none'; sandbox"
# Opened alone, sound is a page that the browser makes around it: that page may load the sound, and nothing else. In a
# sandbox it would be a stranger to its own address.
SOUNDS_ONLY = "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'"
PICTURES = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True)
class ByteRange:
    """Bytes `start` to `end`, both included."""

    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start + 1


class Stored(Protocol):
    """What can be served: a file of a take, or a reference file. `former` is the name of the one before it, or ""."""

    @property
    def file(self) -> Any: ...
    @property
    def former(self) -> str: ...
    @property
    def size(self) -> int | None: ...
    @property
    def content_type(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def stored_at(self) -> datetime | None: ...


class NotSatisfiable(Exception):
    """A well-formed range outside the file."""


@dataclass(frozen=True)
class Version:
    """One of the files that an address has had."""

    storage: Storage
    name: str
    size: int
    stored_on: str = ""  # as a header says it

    @property
    def etag(self) -> str:
        """Of its name: that is random, and never gets other bytes."""
        return _etag(self.name)

    def open(self) -> Any:
        return self.storage.open(self.name, "rb")


def serve(
    request: HttpRequest, file: Stored, *, download_as: str = "", here: bool = False
) -> HttpResponseBase:
    """The stored file for GET and HEAD: 200, 206, 304, 416, or a redirect to the store; 503 for one download too many.

    `download_as`: the name under which a browser saves it; such an answer comes whole. `here`: ranges are read from
    the store and sent by this site, for the mixer, which gets no sound of another origin to work with.
    """
    storage = file.file.storage
    if not isinstance(storage, FileSystemStorage) and not (here and "Range" in request.headers):
        return _elsewhere(file, download_as)
    version = _version(request, file)
    if {version.etag, "*"} & _named(request.headers.get("If-None-Match", "")):
        return _marked(HttpResponse(status=304), file, version, download_as)
    try:
        part = _part(request, version)
        answer = _body(request, version, part, whole=bool(download_as))
        return _marked(answer, file, version, download_as)
    except NotSatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{version.size}"})
    except FileNotFoundError:
        logger.error("%s is not in the storage", file)
        return _words(
            "This file is missing from the storage here. Whoever runs this site can restore it.", 404
        )
    except TooManyTransfers as busy:
        return _words(message_for(busy, "download"), 503, {"Retry-After": "5"})


def missing(file: ClipFile | None) -> HttpResponse:
    """404 in plain words; a player may come back."""
    words = "There is no such file for this take."
    headers = {"Cache-Control": "no-store"}
    if file is not None and file.state == ClipFile.State.WANTED:
        words = "This file is not saved yet. It is being fetched; try again in a moment."
        headers["Retry-After"] = "20"
    elif file is not None and file.state == ClipFile.State.GIVEN_UP:
        words = "This file could not be fetched. Try again on the page of the take."
    return _words(words, 404, headers)


def _words(words: str, status: int, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8", headers=headers)


def readable_name(clip: Clip, kind: str) -> str:
    """`Last Ferry Home (take A).mp3`; a stem's title says which it is: `Last Ferry Home - drums.mp3`"""
    if clip.stem_type:
        return f"{of_file(clip.plain_title) or of_file(clip.stem_type) or 'Stem'}.{kind}"
    return f"{_name(clip)} (take {clip.letter}).{kind}"


def _name(clip: Clip) -> str:
    """`Copper Rain 03 of 10` among ten songs of one request: a folder lists them in their order."""
    name, (number, _, size) = of_file(clip.plain_title) or "Song", clip.song.number.partition("/")
    return f"{name} {number.zfill(len(size))} of {size}" if number else name


def cover_name(clip: Clip, content_type: str) -> str:
    """`Last Ferry Home cover.jpg`"""
    return f"{_name(clip)} cover.{PICTURES.get(content_type, 'jpg')}"


def _named(if_none_match: str) -> set[str]:
    """Compared weakly, as RFC 9110 asks: a proxy that compresses hands our strong tags out as weak ones."""
    return {etag.removeprefix("W/") for etag in parse_etags(if_none_match)}


def _etag(name: str) -> str:
    return f'"{hashlib.sha256(name.encode()).hexdigest()[:32]}"'


def _version(request: HttpRequest, file: Stored) -> Version:
    """The file that is served now, or the former one for who asks for the rest of that."""
    storage = file.file.storage
    if file.former and request.headers.get("If-Range") == _etag(file.former):
        try:
            return Version(storage, file.former, storage.size(file.former))
        except FileNotFoundError:
            logger.info("The former file of %s is gone already", file)
    return Version(storage, str(file.file.name), file.size or 0, _date(file))


def _part(request: HttpRequest, version: Version) -> ByteRange | None:
    """The range asked for; None for the whole file, also when the range can't be read (RFC 9110)."""
    asked = request.headers.get("Range", "")
    unchanged = request.headers.get("If-Range", version.etag) in {version.etag, version.stored_on}
    found = _RANGE.fullmatch(asked.replace(" ", ""))
    if request.method != "GET" or not unchanged or not found or found.groups() == ("", ""):
        return None
    size = version.size
    first, last = found.groups()
    if first and last and int(last) < int(first):
        return None
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if start > end:
        raise NotSatisfiable
    return ByteRange(start, end)


def _body(request: HttpRequest, version: Version, part: ByteRange | None, *, whole: bool) -> HttpResponseBase:
    if part and not whole:
        part = ByteRange(part.start, min(part.end, part.start + AT_ONCE - 1))
    sent = part or ByteRange(0, version.size - 1)
    if request.method == "HEAD":
        answer: HttpResponseBase = HttpResponse()
    elif (part and not whole) or sent.length <= AT_ONCE:  # also all the covers of a list at once
        answer = HttpResponse(_read(version, sent))
    else:
        answer = LimitedStream(request, _Pieces(version.open(), sent), sent.length).answer()
    if part:
        answer.status_code = 206
        answer["Content-Range"] = f"bytes {part.start}-{part.end}/{version.size}"
    answer["Content-Length"] = str(sent.length)
    return answer


def _read(version: Version, part: ByteRange) -> bytes:
    store: Any = version.storage
    if not isinstance(store, FileSystemStorage):  # its own files would be read into memory whole
        asked = f"bytes={part.start}-{part.end}"
        return bytes(store.bucket.Object(version.name).get(Range=asked)["Body"].read())
    with version.open() as handle:
        handle.seek(part.start)
        return bytes(handle.read(part.length))


class _Pieces(Iterator[bytes]):
    """Of an open file, which is closed with it, however much was read."""

    def __init__(self, handle: BinaryIO, part: ByteRange) -> None:
        self._handle, self._left = handle, part.length
        handle.seek(part.start)

    def __next__(self) -> bytes:
        piece = self._handle.read(min(PIECE, self._left))
        if not piece:
            raise StopIteration
        self._left -= len(piece)
        return piece

    def close(self) -> None:
        self._handle.close()


def _marked(answer: HttpResponseBase, file: Stored, version: Version, download_as: str) -> HttpResponseBase:
    answer["Content-Type"] = file.content_type
    answer["Accept-Ranges"] = "bytes"
    answer["ETag"] = version.etag
    if version.stored_on:
        answer["Last-Modified"] = version.stored_on
    answer["Cache-Control"] = CACHED if file.kind in ClipFile.AUDIO else CACHED_PICTURE
    answer["Content-Disposition"] = _disposition(download_as)
    answer["Content-Security-Policy"] = (
        SOUNDS_ONLY if file.content_type.startswith("audio/") else RUNS_NOTHING
    )
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _disposition(download_as: str) -> str:
    return content_disposition_header(bool(download_as), download_as) or "inline"


def _date(file: Stored) -> str:
    return http_date(file.stored_at.timestamp()) if file.stored_at else ""


def _elsewhere(file: Stored, download_as: str) -> HttpResponse:
    """A link of the store that is valid for some minutes and says type and name itself."""
    said = {"ResponseContentType": file.content_type, "ResponseContentDisposition": _disposition(download_as)}
    store: Any = file.file.storage
    link = store.url(file.file.name, parameters=said)
    return HttpResponseRedirect(link, headers={"Cache-Control": "no-store"})
