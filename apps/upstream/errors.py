"""What can go wrong with a remote call: one class for each reaction of the caller.

`str(error)` is one line for logs. `user_message` is for people: what happened, what it means for the money,
what to do. Neither holds a token, a webhook's secret or a query. `evidence` is JSON for "Details for
support":

    method, host, path (without query), elapsed_ms        of the call
    status, headers, body (first 2000 characters)         if there was an answer; secrets are hidden in it
    message                                               the remote side's own words, if there were any
    agent_text                                            what was said instead of lyrics
    upstream_cf_ray                                       what useapi.net's support asks for
    fault                                                 what broke, if the answer is missing or not whole
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from apps.upstream.records import JobRecord


class UpstreamError(Exception):
    """The base: catch it where every fault means the same.

    retryable        the same call may be made again by itself, without cost
    outcome_unknown  the remote side may have done, and charged, what was asked
    status, code     HTTP status; the code in the body (a number or a word)
    retry_after      seconds that the remote side asked to wait
    """

    retryable: ClassVar[bool] = False
    outcome_unknown: ClassVar[bool] = False
    words: ClassVar[str] = "{service} sent an unexpected response."

    def __init__(
        self,
        detail: str = "",
        *,
        service: str = "The service",
        user_message: str | None = None,
        status: int | None = None,
        code: str | int | None = None,
        evidence: dict[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.user_message = user_message or self.words.format(service=service)
        self.status = status
        self.code = code
        self.evidence = evidence or {}
        self.retry_after = retry_after

    def __str__(self) -> str:
        call = " ".join(str(self.evidence[key]) for key in ("method", "path") if key in self.evidence)
        parts = [call, str(self.status or ""), str(self.args[0] if self.args else "")[:300]]
        return ": ".join(part for part in parts if part) or type(self).__name__


class NotSent(UpstreamError):
    """Nothing left this machine: refused, no name, no connection, or no time left. Try again later."""

    retryable = True
    words = "{service} could not be reached. Nothing was sent and nothing was spent. It can be tried again."


class AddressRefused(NotSent):
    """The host guard: the address is not one that flowweb may call. Repeating it changes nothing."""

    retryable = False
    words = (
        "flowweb does not call this address, so nothing was sent and nothing was spent. Check the address."
    )


class Busy(UpstreamError):
    """429. `scope` is "all" if nothing of this subscription can start, "account" if one account is full."""

    retryable = True
    words = "{service} is busy. Nothing was spent. It can be tried again when a running job is done."

    def __init__(self, detail: str = "", *, scope: str = "all", **kwargs: Any) -> None:
        super().__init__(detail, **kwargs)
        self.scope = scope


class TokenRefused(UpstreamError):
    """401: the token is wrong, or was reset. Nothing goes until a person enters another."""

    words = (
        "{service} no longer accepts this token. It may have been reset. Nothing was spent on this. "
        "Enter the new token to continue."
    )


class SubscriptionEnded(UpstreamError):
    """402 about the subscription: every account under it is stopped."""

    words = "The subscription at {service} has ended. Nothing was spent on this. Renew it there to continue."


class OutOfCredits(UpstreamError):
    """402 about one account, or a 402 that says nothing readable."""

    words = (
        "This Flow Music account has too few credits. Nothing was spent on this. "
        "Top it up at flowmusic.app, or choose another account."
    )


class AccountBroken(UpstreamError):
    """596: Flow Music no longer accepts the account until it is connected again.

    Not a fault of the server.
    """

    words = (
        "Flow Music wants this account to sign in again. Nothing was spent on this. Reconnect the account."
    )

    def __init__(self, detail: str = "", *, reason: str = "", **kwargs: Any) -> None:
        super().__init__(detail, **kwargs)
        self.reason = reason


class RenderFailed(UpstreamError):
    """422 with a job record: Flow Music took it and made no song of it. `record` says why."""

    words = "Flow Music created no song from this. It may have cost credits. Edit the prompt and try again."

    def __init__(self, detail: str = "", *, record: JobRecord, **kwargs: Any) -> None:
        super().__init__(detail, **kwargs)
        self.record = record


class NoLyrics(UpstreamError):
    """422 of the lyrics: no text came of it. `agent_text` in the evidence is what was said instead."""

    words = (
        "Flow Music wrote no lyrics this time, which normally costs nothing. Change the idea and try again."
    )


class Declined(UpstreamError):
    """A 500 of files and files/generate, as JSON: a refusal, often by moderation. Nothing came of it."""

    words = (
        "Flow Music declined this and does not say why. Nothing came of it, and it is not known to cost "
        "anything. Edit the form and try again."
    )


class Rejected(UpstreamError):
    """Any other 4xx that was meant: what was asked is not possible like this."""

    words = "{service} did not accept this. Nothing was spent. Edit the form and try again."


class Gone(UpstreamError):
    """404 or 410: it has expired, or never existed."""

    words = (
        "{service} no longer knows this. Nothing was spent by asking; what it cost before stays spent. "
        "Search for it at flowmusic.app."
    )


class Forbidden(UpstreamError):
    """403 on a read: it belongs to somebody else, or the link has expired."""

    words = (
        "{service} says that this belongs to somebody else. Nothing was spent by asking. "
        "Use the token that it was created with."
    )


class NotReady(UpstreamError):
    """409: the job is still running."""

    retryable = True
    words = "This is not ready yet. Waiting costs nothing."


class TooLarge(UpstreamError):
    """A file above the limit of the caller; what was written of it is to be thrown away."""

    words = "The file at {service} is larger than flowweb stores. Nothing was spent by asking."


class OutcomeUnknown(UpstreamError):
    """The request went out and no answer says what became of it.

    Never repeated without a person's decision.
    """

    outcome_unknown = True
    words = (
        "The response of {service} got lost. This may have gone through and may have cost credits, "
        "so it is not sent again. Search Flow Music before you create it again."
    )


class Unavailable(UpstreamError):
    """A read (or another call that costs nothing and may be repeated) without a usable answer."""

    retryable = True
    words = "{service} sends no usable response at the moment. Nothing was spent by asking. It can be tried again."


class Unreachable(Unavailable, NotSent):
    """A read that never got a connection: unavailable, and nothing was sent."""

    words = "{service} could not be reached. Nothing was spent. It can be tried again."
