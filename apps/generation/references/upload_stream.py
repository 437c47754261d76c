"""Receives uploaded files: piece by piece to the disk, never whole in memory, refused as early as possible.

One address takes files (`takes_files`). There a body is read only for a member whose role allows it, after its length
was looked at. A file comes as the raw body of a request of its own (reference-files.js), or in a plain form.
"""

import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, HttpResponseBase, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from apps import shutdown, transfers
from apps.accounts.permissions import membership_of
from apps.library.archiving import file_types, repairs
from apps.library.archiving.errors import BadFile, NotExamined, NotStored
from apps.library.archiving.file_types import HEAD, MEGABYTE, MOST_AUDIO, MOST_IMAGE, FileType

PIECE = 64 * 1024
AROUND_FILES = MEGABYTE  # what the fields of a form take up beside its files
MOST_FILES = 20  # of one form
LONGEST_S = 30.0  # in which the files of one form are read: it holds one of two places for that
LEFT_FREE = 200 * MEGABYTE
FIELD = "file"
TOO_LARGE = (
    f"This is larger than {MOST_AUDIO // MEGABYTE} MB, the most that Flow Music takes. Images can have "
    f"{MOST_IMAGE // MEGABYTE} MB, audio files {MOST_AUDIO // MEGABYTE} MB."
)
BROKEN_OFF = "The file did not arrive complete. Send it once more."
# Read past after the answer: a browser that is still sending would else miss it.
MOST_DRAINED = 64 * MEGABYTE
View = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Received:
    """A file as it came, on disk under no name: gone when it is closed. What it is was found from its bytes."""

    name: str
    copy: BinaryIO
    size: int
    type: FileType
    sha256: str


@dataclass(frozen=True)
class Refused:
    """`words` say what is wrong with it, and what would be right. `again`: the same file may be taken later."""

    name: str
    words: str
    again: bool = False


class NotWhole(BadFile):
    """Less of it came than was announced: that is the connection's fault, not the file's."""


RESTARTS = "This site is being restarted. Send the file again in a moment."


class Sink:
    """Where the pieces of one file go. `size`: as it was announced, if it was."""

    def __init__(self, name: str, size: int | None = None) -> None:
        self.name, self._announced = name, size
        self._copy = cast(BinaryIO, tempfile.TemporaryFile(dir=settings.DATA_DIR))  # noqa: SIM115 - see close
        self._digest, self._size, self._head = hashlib.sha256(), 0, b""
        self._type: FileType | None = None

    def write(self, piece: bytes) -> None:
        """Raises BadFile as soon as it is known that this isn't taken."""
        if shutdown.has_begun():
            raise NotWhole(RESTARTS)
        if self._type is None:
            self._head += piece[: HEAD - len(self._head)]
            if len(self._head) >= HEAD:
                self._recognise()
        self._size += len(piece)
        self._check_size(self._size)
        self._copy.write(piece)
        self._digest.update(piece)

    def finish(self) -> Received:
        """Puts it in order, if it needs that (repairs.py). Raises BadFile, or NotExamined: not just now."""
        if self._type is None:
            self._recognise()
        file_type = cast(FileType, self._type)
        if self._announced is not None and self._size < self._announced:
            raise NotWhole(BROKEN_OFF)
        self._copy.flush()
        made = repairs.put_in_order(self._copy, self._size, file_type)
        self._copy, self._type = made.file, made.type
        self._check_size(made.size)
        digest = _digest(made.file) if made.is_new else self._digest.hexdigest()
        return Received(self.name, made.file, made.size, made.type, digest)

    def close(self) -> None:
        self._copy.close()

    def _recognise(self) -> None:
        self._type = file_types.recognise(self._head)
        self._check_size(self._announced or self._size)
        self._head = b""

    def _check_size(self, size: int) -> None:
        if self._type and size > self._type.most:
            most = self._type.most // MEGABYTE
            raise BadFile(f"This {self._type.what} is larger than {most} MB, the most that Flow Music takes.")
        if size > MOST_AUDIO:
            raise BadFile(TOO_LARGE)


def _digest(file: BinaryIO) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


class ToDisk(FileUploadHandler):
    """Reads the files of a form to the disk. What came is in `received` and `refused`, not among request.FILES."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.received: list[Received] = []
        self.refused: list[Refused] = []
        self._sink: Sink | None = None
        self._room = has_room()
        self._read_s = 0.0

    def new_file(self, field_name: str, file_name: str, *args: Any, **extra: Any) -> None:
        super().new_file(field_name, file_name, *args, **extra)
        if field_name != FIELD or len(self.received) + len(self.refused) >= MOST_FILES:
            raise SkipFile
        self._sink = Sink(file_name)
        if not self._room:
            self._refuse(NO_ROOM)
        if self._read_s > LONGEST_S:
            self._refuse(TOOK_LONG, again=True)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        try:
            if self._sink:
                self._sink.write(raw_data)
        except BadFile as error:
            self._refuse(error.words)

    def file_complete(self, file_size: int) -> None:
        sink, self._sink = self._sink, None
        if sink is None:
            return
        began = time.monotonic()
        try:
            self.received.append(sink.finish())
        except NotStored as error:
            sink.close()
            self.refused.append(Refused(sink.name, error.words, again=isinstance(error, NotExamined)))
        self._read_s += time.monotonic() - began

    def upload_interrupted(self) -> None:
        if self._sink:
            self._sink.close()

    def _refuse(self, words: str, *, again: bool = False) -> None:
        """The rest of it is read past."""
        if self._sink:
            self._sink.close()
            self.refused.append(Refused(self._sink.name, words, again=again))
            self._sink = None
        raise SkipFile


TOOK_LONG = "The files before this one took too long to read. Send this one by itself."
NO_ROOM = "This site has no space for a file right now. Whoever runs it has to make room."


def has_room() -> bool:
    return shutil.disk_usage(settings.DATA_DIR).free > LEFT_FREE


def takes_files(refuse: Callable[[HttpRequest, Refused], HttpResponseBase]) -> Callable[[View], View]:
    """For the view at the one address that takes files; `refuse` answers for it when a body is not to be read: it is
    too long, or as many are being read as may be.

    Outermost: the token of a form stands in the body, so the body is read for it, and by then it must be known how.
    """

    def decorate(view: View) -> View:
        checked = csrf_protect(view)

        @csrf_exempt
        @wraps(view)
        def first(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method != "POST" or not _may_send(request):
                return checked(request, *args, **kwargs)
            try:
                transfer = transfers.receive(request, length(request))
            except transfers.TooManyTransfers as busy:
                return refuse(request, Refused("", transfers.message_for(busy, "upload"), again=True))
            try:
                answer = read(request, *args, **kwargs)
            except UnreadablePostError:
                _forget_form(request)
                answer = refuse(request, Refused("", BROKEN_OFF, again=True))
            except BaseException:
                transfers.UPLOADS.end(transfer)
                raise
            return transfers.until_closed(answer, transfer)

        def read(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            is_form = request.content_type == "multipart/form-data"
            if length(request) > MOST_AUDIO + (AROUND_FILES if is_form else 0):
                words = (
                    f"{TOO_LARGE} Several files in one form have to fit within that together."
                    if is_form
                    else TOO_LARGE
                )
                return drained(refuse(request, Refused("", words)), request)
            if is_form:
                request.upload_handlers = [ToDisk(request)]
            return checked(request, *args, **kwargs)

        return first

    return decorate


def _may_send(request: HttpRequest) -> bool:
    if not request.user.is_authenticated:
        return False
    membership = membership_of(request)
    return membership is not None and membership.rights.may_create


def length(request: HttpRequest) -> int:
    """Of the body, as it was announced; 0 when it was not."""
    said = request.META.get("CONTENT_LENGTH") or "0"
    return int(said) if said.isdecimal() else 0


def of_form(request: HttpRequest) -> tuple[list[Received], list[Refused]]:
    """The files of a form, which `takes_files` has had read."""
    handlers = [each for each in request.upload_handlers if isinstance(each, ToDisk)]
    return (handlers[0].received, handlers[0].refused) if handlers else ([], [])


def _forget_form(request: HttpRequest) -> None:
    """What came of a form that broke off."""
    for each in request.upload_handlers:
        if isinstance(each, ToDisk):
            each.upload_interrupted()
            for received in each.received:
                received.copy.close()


def of_body(request: HttpRequest, name: str) -> Received | Refused:
    """The one file that the body is."""
    announced = length(request)
    if not announced:
        return Refused(name, "This file is empty.")
    if not has_room():
        return Refused(name, NO_ROOM, again=True)
    sink = Sink(name, announced)
    try:
        while piece := request.read(PIECE):
            sink.write(piece)
        return sink.finish()
    except UnreadablePostError:
        sink.close()
        return Refused(name, BROKEN_OFF, again=True)
    except NotStored as error:
        sink.close()
        return Refused(name, error.words, again=isinstance(error, NotWhole | NotExamined))


def drained(answer: HttpResponseBase, request: HttpRequest) -> HttpResponseBase:
    """The answer goes out at once; then what is still being sent is read past, as far as that makes sense."""
    cast(Any, answer)._resource_closers.append(partial(_drain, request))
    return answer


def _drain(request: HttpRequest) -> None:
    left = min(MOST_DRAINED, length(request))
    while left > 0 and (piece := request.read(min(PIECE, left))):
        left -= len(piece)
