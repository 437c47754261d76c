"""Links of a record to audio and pictures: whoever serves them, they are fetched without a token."""

from __future__ import annotations

from typing import BinaryIO

from apps.upstream.deadline import Deadline
from apps.upstream.error_mapping import media_refusal
from apps.upstream.transport import Transport


def fetch(
    url: str,
    to: BinaryIO,
    *,
    deadline: Deadline,
    max_bytes: int,
    allowed_origins: frozenset[str] = frozenset(),
    service: str = "",
) -> None:
    """Streams a link (m4a, wav, cover) into `to`. `service`: what people call the other side, else its host.

    Raises Forbidden or Gone for a link that has expired, AddressRefused for one that leads inwards, TooLarge,
    Rejected or Unavailable, after which what is in `to` is to be thrown away.
    """
    Transport(allowed_origins=allowed_origins).download(
        url, to=to, deadline=deadline, max_bytes=max_bytes, refusal=media_refusal, service=service
    )
