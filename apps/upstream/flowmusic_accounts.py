"""The Flow Music accounts of a subscription: list, look, connect, change, remove, and what they were charged."""

from __future__ import annotations

from apps.upstream.deadline import Deadline
from apps.upstream.flowmusic_calls import Calls, by_email, made_record, read_record
from apps.upstream.ids import quote_segment
from apps.upstream.operation_messages import (
    ADD_ACCOUNT,
    GONE_ACCOUNT,
    MAX_JOBS,
    REMOVE_ACCOUNT,
    OperationMessages,
)
from apps.upstream.records import AccountRecord
from apps.upstream.redaction import without_secrets
from apps.upstream.responses import Response
from apps.upstream.token import RefreshToken
from apps.upstream.usage import AccountUsage


class Accounts(Calls):
    """Everything below /accounts. Nothing of it costs credits."""

    def accounts(self, *, deadline_s: float = 10) -> dict[str, AccountRecord]:
        """The accounts by e-mail, without balances (get-flowmusic-accounts.md). Also checks the token."""
        response = self._read("/accounts", deadline_s)
        return read_record(
            response, lambda data: by_email(data, lambda item, email: AccountRecord.parse(item, email=email))
        )

    def account(self, email: str, *, deadline_s: float = 10) -> AccountRecord:
        """One account with its balance (get-flowmusic-accounts-email.md).

        Raises Gone if it is not configured.
        """
        response = self._read(f"/accounts/{quote_segment(email)}", deadline_s, gone=GONE_ACCOUNT)
        return read_record(response, lambda data: AccountRecord.parse(data, email=email))

    def usage(self, email: str, *, deadline_s: float = 15) -> AccountUsage:
        """What an account was charged and given, by day and by song (get-flowmusic-accounts-usage.md). A free read.

        Raises Gone if it is not configured.
        """
        # Encoded by requests: a bare + in a query is a space.
        response = self._read("/accounts/usage", deadline_s, params={"email": email}, gone=GONE_ACCOUNT)
        return read_record(response, lambda data: AccountUsage.parse(data, email=email))

    def add_account(
        self, refresh_token: RefreshToken, *, max_jobs: int | None = None, deadline_s: float = 10
    ) -> AccountRecord:
        """Connect an account, or connect it again (post-flowmusic-accounts.md). One attempt.

        The refresh token is passed on and kept nowhere. Raises Rejected (the token was not taken), TokenRefused
        (the API token), NotSent, Busy or OutcomeUnknown (look at the list again).
        """
        json: dict[str, object] = {"refresh_token": refresh_token}
        if max_jobs is not None:
            json["maxJobs"] = max_jobs
        return _account(self._write("/accounts", ADD_ACCOUNT, Deadline(deadline_s), json=json), ADD_ACCOUNT)

    def set_max_jobs(self, email: str, max_jobs: int, *, deadline_s: float = 10) -> AccountRecord:
        """How many jobs may run on an account at once, 1 to 16, without its refresh token. One attempt.

        Newer than the page (docs/api.md, point 28). Raises Rejected where the refresh token has to come along, Gone for
        an account that is not configured, and what `add_account` raises.
        """
        json = {"email": email, "maxJobs": max_jobs}
        response = self._write("/accounts", MAX_JOBS, Deadline(deadline_s), json=json)
        return _account(response, MAX_JOBS, email)

    def remove_account(self, email: str, *, deadline_s: float = 10) -> None:
        """Take an account out of the subscription (delete-flowmusic-accounts-email.md). One attempt.

        Raises Gone if it is not configured, Rejected, TokenRefused, NotSent, Busy or OutcomeUnknown.
        """
        self._write(
            f"/accounts/{quote_segment(email)}", REMOVE_ACCOUNT, Deadline(deadline_s), method="DELETE"
        )


def _account(response: Response, messages: OperationMessages, email: str | None = None) -> AccountRecord:
    """The record of an account, whatever of the request the remote side repeats in it."""
    redact = response.call.redactor()
    return made_record(
        response, lambda data: AccountRecord.parse(without_secrets(data, redact), email=email), messages
    )
