"""The Flow Music API of useapi.net: one method for each operation (docs/api.md)."""

from __future__ import annotations

from typing import BinaryIO

from apps.upstream.deadline import Deadline
from apps.upstream.error_mapping import read_refusal
from apps.upstream.flowmusic_accounts import Accounts
from apps.upstream.flowmusic_calls import SERVICE, by_email, read_record
from apps.upstream.flowmusic_files import Files
from apps.upstream.flowmusic_generation import Generation
from apps.upstream.ids import quote_segment
from apps.upstream.operation_messages import GONE_ACCOUNT
from apps.upstream.records import AccountSlots, ClipPage, JobRecord

LARGEST_PAGE = 100


class FlowMusic(Accounts, Generation, Files):
    """One subscription's view of the API.

    Methods raise the classes of `errors`; reads repeat themselves, writes don't.
    `endpoint` as `https://api.useapi.net/v1/flowmusic`. `allowed_origins`: what the host guard lets through.
    """

    def jobs(self, *, deadline_s: float = 15) -> dict[str, AccountSlots]:
        """What runs now, async only, by account e-mail; {} if nothing does (get-flowmusic-jobs.md)."""
        response = self._read("/jobs", deadline_s)
        return read_record(
            response, lambda data: by_email(data, lambda item, email: AccountSlots.parse(item, email=email))
        )

    def job(self, jobid: str, *, deadline_s: float = 15) -> JobRecord:
        """One job's record (get-flowmusic-jobs-jobid.md).

        Raises Gone if it expired, Forbidden if it is another's.
        """
        return read_record(self._read(f"/jobs/{quote_segment(jobid)}", deadline_s), JobRecord.parse)

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

        Songs made meanwhile shift the offsets, so a clip may be seen twice. `next` of the page leads on until it is
        None, whatever the remote side says. Raises Gone if there is no such account, AccountBroken, Unavailable.
        """
        limit, offset = max(1, min(limit, LARGEST_PAGE)), max(0, offset)
        params = {"email": email, "limit": str(limit), "offset": str(offset)}
        response = self._read("/music", deadline_s, params=params, gone=GONE_ACCOUNT)
        return read_record(response, lambda data: ClipPage.parse(data, offset=offset, limit=limit))

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
