"""Tells people what it means when an operation that changes something went wrong: a message for each.

An entry is complete: what happened, what it means for the money, what to do next. `{said}` is what the remote side
said, `{service}` its name. Refusals that mean the same whatever was asked are worded in `error_mapping`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_LOST = "The response of {service} got lost. "


@dataclass(frozen=True, slots=True)
class OperationMessages:
    """The words of one operation, and how its page differs from the others.

    unknown      nobody knows what became of it: behind words that say what came instead of an answer
    rejected     a 4xx that was meant; `by_status` has better words for some, if the answer is not a proxy's page
    failed       422: it was tried and nothing came of it, with a job record as a rule
    uploaded     422 of an edit whose clip was not made there
    no_credits   402 of one account
    declines     a JSON 500 is a refusal; these are its words
    writes       422 means that no lyrics came of it
    names        404 and 410 mean that what the address names is gone
    """

    unknown: str
    rejected: str = "{service} did not accept this{said}. Nothing was spent. Edit the form and try again."
    by_status: Mapping[int, str] = field(default_factory=dict)
    failed: str = (
        "Flow Music created no song from this{said}. It may have cost credits. Edit the prompt and try again."
    )
    uploaded: str = ""
    no_credits: str = ""
    busy: str = ""
    token_refused: str = ""
    declines: str = ""
    writes: bool = False
    names: bool = False

    @property
    def lost(self) -> str:
        """Nothing came."""
        return _LOST + self.unknown


SONG = OperationMessages(
    unknown="This may have gone through and may have cost credits, so it is not sent again. "
    "Search Flow Music before you create it again.",
)

_NO_CREDITS_FOR_EDIT = (
    "The Flow Music account of this song has too few credits. Nothing was spent on this. An edit needs the account "
    "that the song is on, so another account is no help: top it up at flowmusic.app."
)
_NO_CLIP = (
    "Flow Music no longer has this song, or its account is not connected{said}. Nothing was spent. "
    "Connect the account again, or edit another song."
)
_NOT_EDITABLE = (
    "Flow Music can't edit this one{said}. Nothing was spent. Audio that was uploaded can't be edited: "
    "choose a song that was created there."
)

EDIT = OperationMessages(
    unknown="This edit may have gone through and may have cost credits, so it is not sent again. "
    "Search Flow Music before you create it again.",
    rejected="{service} did not accept this edit{said}. Nothing was spent. Change the edit and try again.",
    by_status={404: _NO_CLIP, 410: _NO_CLIP},
    uploaded=_NOT_EDITABLE,
    failed="Flow Music created nothing from this edit{said}. It may have cost credits. Change the edit and try again.",
    no_credits=_NO_CREDITS_FOR_EDIT,
)

STEMS = OperationMessages(
    unknown="The stems may have been created and may have cost credits, so they are not requested again automatically. "
    "Try again in three minutes: for a song that is split already the same stems come back, and no new ones.",
    rejected="{service} did not split this song{said}. Nothing was spent. Try it with another song.",
    by_status={404: _NO_CLIP, 410: _NO_CLIP},
    uploaded=_NOT_EDITABLE,
    failed="Flow Music created no stems from this{said}. It may have cost credits. Try it with another song.",
    no_credits=_NO_CREDITS_FOR_EDIT,
)

LYRICS = OperationMessages(
    unknown="Lyrics are normally free, but this may have cost credits all the same, so they are not "
    "requested again automatically. Try again if you like.",
    rejected="{service} did not accept this idea{said}. Nothing was spent. Change the idea and try again.",
    writes=True,
)

UPLOAD = OperationMessages(
    unknown="The file may be there or not. Sending a file is not known to cost credits. It can be sent again.",
    rejected="{service} did not accept this file{said}. Nothing was spent. Choose another file, or save "
    "it in another format.",
    by_status={
        413: "This file is too large for Flow Music: images may have 20 MB, audio 40 MB. Nothing was spent. "
        "Choose a smaller file and send it again.",
        422: "This image carries a note of how it was created, which Flow Music does not accept. Nothing was spent. "
        "Send it again without its hidden data.",
    },
    declines="Flow Music declined this file and does not say why; often it is what the image shows. Nothing came "
    "of it, and it is not known to cost anything. Choose another file, or try this one again later.",
)

IMAGE = OperationMessages(
    unknown="The image may have been created and may have cost credits, so it is not requested again automatically. "
    "Try again if you like.",
    rejected="{service} did not accept this{said}. Nothing was spent. Edit the prompt and try again.",
    declines="Flow Music declined this image and does not say why; often it is the prompt. Nothing came of it, and it "
    "is not known to cost anything. Edit the prompt and try again.",
)

_STRANGER = (
    "{service} no longer accepts the API token; it may have been reset. The account was not changed and nothing "
    "was spent. Enter the new API token to continue."
)
_BUSY = "{service} is busy. The account was not changed and nothing was spent. Try again in a minute."

ADD_ACCOUNT = OperationMessages(
    unknown="The account may be connected or not; connecting costs nothing. Check the list of accounts "
    "before you repeat it.",
    rejected="{service} did not connect this account{said}. Nothing was spent. Try again.",
    by_status={
        400: "The token was not accepted{said}. Nothing was spent. "
        "Copy a fresh refresh token and add the account again.",
    },
    token_refused=_STRANGER,
    busy=_BUSY,
)

MAX_JOBS = OperationMessages(
    unknown="The number may be changed or not; it costs nothing. Check the list of accounts.",
    rejected="{service} did not change the number{said}. Nothing was spent. Try another number.",
    by_status={
        400: "{service} did not change the number{said}. Nothing was spent. "
        "Try another number, or give the refresh token along with it.",
    },
    token_refused=_STRANGER,
    busy=_BUSY,
    names=True,
)

REMOVE_ACCOUNT = OperationMessages(
    unknown="The account may be removed or not; it costs nothing. Check the list of accounts.",
    rejected="{service} did not remove this account{said}. Nothing was spent. Try again later.",
    token_refused=_STRANGER,
    busy=_BUSY,
    names=True,
)

GONE_ACCOUNT = "{service} does not know this account. Nothing was spent by asking. Add it again to use it."
