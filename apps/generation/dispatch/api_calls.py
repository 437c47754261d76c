"""Makes the one API call of a job: chooses the method and the parameters.

The person's parameters as they are, and ours; nothing that the page doesn't name, nothing empty.
"""

from typing import BinaryIO, cast

from apps.accounts.models import FlowAccount
from apps.generation.models import Job
from apps.library.archiving import reference_copy
from apps.upstream.deadline import Deadline
from apps.upstream.errors import NotSent, Rejected
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.records import AssetRecord, JobRecord, LyricsRecord, StemsRecord

Record = JobRecord | StemsRecord | LyricsRecord | AssetRecord
UNREADABLE = "Our copy of this file can't be read right now. Nothing was sent; it will be tried again."
LOST_COPY = reference_copy.LOST


def make(client: FlowMusic, job: Job, account: FlowAccount, *, reply_url: str, deadline: Deadline) -> Record:
    """One POST. Raises the errors of the client's method."""
    on_account = {**job.params, "email": account.email}
    match job.operation:
        case "music":
            return client.music(on_account | _ours(job, reply_url), deadline=deadline)
        case "stems":  # always synchronous: it takes neither a mode nor a reference
            return client.stems(job.params, deadline=deadline)
        case "lyrics":
            return client.lyrics(on_account, deadline=deadline)
        case "image":
            return client.generate_image(on_account, deadline=deadline)
        case "upload":
            return _upload(client, job, account, deadline)
    # An edit runs on the account of its clip; the page knows no `email`.
    edit = {"operation": job.operation, **job.params}
    return client.edit(edit | _ours(job, reply_url), deadline=deadline)


def why_not_sent(job: Job) -> str:
    """Why it must not be sent, found here before anything is: our own look through a file that is to be uploaded."""
    if job.operation != "upload":
        return ""
    if job.file is None or not job.file.file:
        return LOST_COPY
    return reference_copy.examine(job.file)


def _ours(job: Job, reply_url: str) -> dict[str, object]:
    ours: dict[str, object] = {"mode": "async", "replyRef": job.reference}
    return ours | ({"replyUrl": reply_url} if reply_url else {})


def _upload(client: FlowMusic, job: Job, account: FlowAccount, deadline: Deadline) -> AssetRecord:
    """Our own copy of the file, read piece by piece."""
    file = job.file
    if file is None or not file.file.name or not file.file.storage.exists(file.file.name):
        raise Rejected("the file is gone", user_message=LOST_COPY)
    try:
        stored = file.file.open("rb")
    except OSError as error:
        raise NotSent(str(error), user_message=UNREADABLE) from error
    with stored as opened:
        return client.upload(
            cast(BinaryIO, opened),
            size=file.size or 0,
            content_type=file.content_type,
            email=account.email,
            strip_metadata=file.strip_metadata if file.kind == file.Kind.IMAGE else None,
            deadline=deadline,
        )
