"""The Flow Music API of useapi.net: one method for each operation (pages in api/flowmusic/)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, TypeVar

from apps.upstream.answers import Answer, NotJson
from apps.upstream.deadline import Deadline
from apps.upstream.fields import ParseError
from apps.upstream.ids import quote_segment
from apps.upstream.reactions import outcome_unknown, read_refusal, unavailable, write_refusal
from apps.upstream.records import AccountSlots, ClipPage, FlowAccount, JobRecord
from apps.upstream.token import Token
from apps.upstream.transport import Transport
from apps.upstream.usage import Usage

T = TypeVar("T")

SERVICE = "useapi.net"
LARGEST_PAGE = 100


class FlowMusic:
    """One subscription's view of the API.

    Methods raise the classes of `errors`; reads repeat themselves, writes don't.
    `endpoint` as `https://api.useapi.net/v1/flowmusic`. `allowed_origins`: what the host guard lets through.
    """

    def __init__(self, endpoint: str, token: Token, *, allowed_origins: frozenset[str] = frozenset()) -> None:
        self.endpoint = endpoint.rstrip("/")
        self._token = token
        self._transport = Transport(allowed_origins=allowed_origins)

    def __repr__(self) -> str:
        return f"FlowMusic({self.endpoint}, {self._token!r})"

    def accounts(self, *, deadline_s: float = 10) -> dict[str, FlowAccount]:
        """The accounts by e-mail, without balances (get-flowmusic-accounts.md). Also checks the token."""
        answer = self._read("/accounts", deadline_s)
        return _parsed(
            answer, lambda data: _by_email(data, lambda item, email: FlowAccount.parse(item, email=email))
        )

    def account(self, email: str, *, deadline_s: float = 10) -> FlowAccount:
        """One account with its balance (get-flowmusic-accounts-email.md).

        Raises Gone if it is not configured.
        """
        answer = self._read(f"/accounts/{quote_segment(email)}", deadline_s)
        return _parsed(answer, lambda data: FlowAccount.parse(data, email=email))

    def usage(self, email: str, *, deadline_s: float = 15) -> Usage:
        """What an account was charged, by song (get-flowmusic-accounts-usage.md). A free read.

        Raises Gone if it is not configured.
        """
        # Encoded by requests: a bare + in a query is a space.
        answer = self._read("/accounts/usage", deadline_s, params={"email": email})
        return _parsed(answer, lambda data: Usage.parse(data, email=email))

    def music(self, params: Mapping[str, object], *, deadline: Deadline) -> JobRecord:
        """Ask for a song, once (post-flowmusic-music.md). Costs credits.

        `params` are the page's; None and empty text are left out, and `mode` is "async" unless given.
        Returns the record of the job: pending (201), or terminal (200). Raises NotSent, Busy, TokenRefused,
        SubscriptionEnded, OutOfCredits, AccountBroken, RenderFailed, Rejected or OutcomeUnknown. Any 2xx
        without a jobid is unknown.
        """
        body = {"mode": "async"} | {
            name: value for name, value in params.items() if value is not None and value != ""
        }
        url = f"{self.endpoint}/music"
        answer = self._transport.write(
            "POST", url, auth=self._token, json=body, deadline=deadline, service=SERVICE
        )
        if not answer.ok:
            raise write_refusal(answer)
        record = _attempt(answer, JobRecord.parse)
        if isinstance(record, str):
            raise outcome_unknown(answer, record)
        return record

    def jobs(self, *, deadline_s: float = 15) -> dict[str, AccountSlots]:
        """What runs now, async only, by account e-mail; {} if nothing does (get-flowmusic-jobs.md)."""
        answer = self._read("/jobs", deadline_s)
        return _parsed(
            answer, lambda data: _by_email(data, lambda item, email: AccountSlots.parse(item, email=email))
        )

    def job(self, jobid: str, *, deadline_s: float = 15) -> JobRecord:
        """One job's record (get-flowmusic-jobs-jobid.md).

        Raises Gone if it expired, Forbidden if it is another's.
        """
        return _parsed(self._read(f"/jobs/{quote_segment(jobid)}", deadline_s), JobRecord.parse)

    def cancel_job(self, jobid: str, *, deadline_s: float = 15) -> None:
        """Stop following a job and free its slot (delete-flowmusic-jobs-jobid.md); what it cost stays spent.

        One attempt, which may be repeated: also for a finished job it succeeds. Raises Gone, Forbidden or
        Unavailable.
        """
        self._read(f"/jobs/{quote_segment(jobid)}", deadline_s, method="DELETE", tries=1)

    def music_list(
        self, email: str, *, offset: int = 0, limit: int = LARGEST_PAGE, deadline_s: float = 15
    ) -> ClipPage:
        """One page of an account's clips, newest first (get-flowmusic-music.md).

        Songs made meanwhile shift the offsets, so a clip may be seen twice. Raises Gone if there is no such
        account.
        """
        params = {"email": email, "limit": str(limit), "offset": str(offset)}
        return _parsed(self._read("/music", deadline_s, params=params), ClipPage.parse)

    def download_mp3(self, clip_id: str, to: BinaryIO, *, deadline_s: float, max_bytes: int) -> None:
        """A clip's mp3, streamed into `to` (get-flowmusic-music-download.md); needs the token.

        Raises NotReady, Gone, AccountBroken, TooLarge or Unavailable, after which what is in `to` is to be
        thrown away.
        """
        self._transport.download(
            f"{self.endpoint}/music/download",
            auth=self._token,
            params={"id": clip_id},  # encoded by requests: a bare + in a query is a space
            deadline=Deadline(deadline_s),
            max_bytes=max_bytes,
            to=to,
            refusal=read_refusal,
            service=SERVICE,
        )

    def _read(
        self,
        path: str,
        deadline_s: float,
        *,
        params: Mapping[str, str] | None = None,
        method: str = "GET",
        tries: int = 3,
    ) -> Answer:
        answer = self._transport.read(
            self.endpoint + path,
            auth=self._token,
            deadline=Deadline(deadline_s),
            params=params,
            method=method,
            tries=tries,
            service=SERVICE,
        )
        if not answer.ok:
            raise read_refusal(answer)
        return answer


def _attempt(answer: Answer, parse: Callable[[Any], T]) -> T | str:
    """The record in an answer, or why there is none.

    Not an exception: one would carry the body in its context.
    """
    try:
        return parse(answer.json())
    except (NotJson, ParseError) as exc:
        return str(exc)


def _parsed(answer: Answer, parse: Callable[[Any], T]) -> T:
    found = _attempt(answer, parse)
    if isinstance(found, str):
        raise unavailable(answer, found)
    return found


def _by_email(data: object, parse: Callable[[object, str], T]) -> dict[str, T]:
    """An object keyed by e-mail.

    One odd entry does not hide the rest; an object of nothing else is another answer.
    """
    if not isinstance(data, Mapping):
        raise ParseError("the answer is not an object")
    found: dict[str, T] = {}
    for email, item in data.items():
        try:
            found[email] = parse(item, email)
        except ParseError:
            continue
    if data and not found:
        raise ParseError("no entry of the answer is readable")
    return found
