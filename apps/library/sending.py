"""Long answers: the one door through which a stream goes out, so that slow readers never hold all threads of a process."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse

from apps.library.transfers import Transfer, Transfers

DOWNLOADS = Transfers()


def stream(
    request: HttpRequest, pieces: Iterator[bytes], length: int, **answer: Any
) -> StreamingHttpResponse:
    """The pieces, `length` bytes in all, to a signed-in person. Raises transfers.Busy; the pieces are closed then."""
    try:
        transfer = DOWNLOADS.begin(request.user.pk, length, request.META.get("gunicorn.socket"))
    except BaseException:
        _close(pieces)
        raise
    sent = _Sent(pieces, transfer)
    try:
        return StreamingHttpResponse(sent, **answer)
    except BaseException:
        sent.close()  # else it would be counted until the process ends
        raise


class _Sent(Iterator[bytes]):
    """Ends with the last piece that is read, or when nobody wants them any more."""

    def __init__(self, pieces: Iterator[bytes], transfer: Transfer) -> None:
        self._pieces, self._transfer, self._under_way = pieces, transfer, 0

    def __next__(self) -> bytes:
        self._transfer.moved(self._under_way)
        piece = next(self._pieces)
        self._under_way = len(piece)
        self._transfer.wait()
        return piece

    def close(self) -> None:
        DOWNLOADS.end(self._transfer)
        _close(self._pieces)


def _close(pieces: Iterator[bytes]) -> None:
    close = getattr(pieces, "close", None)
    if close:
        close()
