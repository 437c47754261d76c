"""Turns an uploaded file into the job that sends it: one row and one job, however often it is requested.

Nothing of it costs. The file is in our own storage before the job is queued, and stays there whatever becomes of it.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from django.core.files.storage import storages
from django.db import IntegrityError, transaction

from apps.accounts.models import ApiToken, FlowAccount, Team, User
from apps.generation.jobs import decisions
from apps.generation.jobs.requests import JobRequest
from apps.generation.models import Job, State
from apps.generation.models.jobs import LIVE
from apps.generation.references.upload_stream import Received
from apps.library import references
from apps.library.archiving import quota, reference_copy
from apps.library.input_names import InvalidInput
from apps.library.models import ReferenceFile

UPLOAD = "upload"


class NotNow(InvalidInput):
    """Nothing is wrong with the file: it may be taken once there is room, or a token."""


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Who sends, on which account, with which token; `nonce` is that of the form."""

    team: Team
    by: User
    token: ApiToken
    account: FlowAccount
    nonce: uuid.UUID


@dataclass(frozen=True)
class UploadOutcome:
    """The file and what is to be said of it."""

    file: ReferenceFile
    words: str


def take_in(received: Received, sender: Sender, *, strip_metadata: bool) -> UploadOutcome:
    """Keeps the file and queues its job. Raises InvalidInput, NotNow when there is no room for it."""
    if earlier := _of_nonce(sender):
        return UploadOutcome(earlier, f"{earlier} is on its way already.")
    # Of sound nothing is stripped, so the choice makes no other file of it.
    strip_metadata = strip_metadata or received.type.kind != ReferenceFile.Kind.IMAGE
    if there := _same(sender, received.sha256, strip_metadata):
        # Whoever chooses it once more may do so because this site has learnt to read it.
        reference_copy.forget_verdict(there)
        return _once_more(there, sender, strip_metadata=strip_metadata)
    left = quota.usage(sender.team).left
    if left is not None and received.size > left:
        raise NotNow("Storage is full: delete something first, or have the limit raised.")
    stored = reference_copy.save(sender.team.pk, received.copy, received.type.extension)
    file = _row(sender, name=references.shown_name(received.name, f"{received.type.name} file"))
    file.file.name, file.size, file.sha256 = stored, received.size, received.sha256
    file.kind, file.content_type = received.type.kind, received.type.content_type
    file.strip_metadata = strip_metadata
    try:
        return UploadOutcome(
            _ask(file, sender), f"{file} is being sent to {sender.account.short}.{_really(file, received)}"
        )
    except IntegrityError:  # the same was sent by another click meanwhile
        storages["default"].delete(stored)
        there = _same(sender, received.sha256, strip_metadata)
        if there is None:
            raise
        return UploadOutcome(there, f"{there} is on its way already.")
    except BaseException:
        storages["default"].delete(stored)
        raise


def send_on(file: ReferenceFile, sender: Sender) -> UploadOutcome:
    """Our own copy to another account, as a row of its own. A second click finds that one. Raises InvalidInput."""
    if not file.file or file.problem:
        raise InvalidInput(file.problem or "There is no copy of it here yet. Retry in a minute.")
    there = _same(sender, file.sha256, file.strip_metadata)
    if there is None:
        copied = (
            "name",
            "kind",
            "content_type",
            "size",
            "sha256",
            "width",
            "height",
            "duration_s",
            "examined_at",
        )
        same = {name: getattr(file, name) for name in (*copied, "prompt", "strip_metadata")}
        new = _row(sender, copy_of=file, **same)
        new.file.name, new.thumb.name = file.file.name, file.thumb.name
        try:
            return UploadOutcome(_ask(new, sender), f"{new} is being sent to {sender.account.short}.")
        except IntegrityError:
            there = _same(sender, file.sha256, file.strip_metadata)
            if there is None:
                raise
    return _once_more(there, sender, strip_metadata=there.strip_metadata)


def _same(sender: Sender, sha256: str, strip_metadata: bool) -> ReferenceFile | None:
    return references.same_on(sender.account, team=sender.team, sha256=sha256, strip_metadata=strip_metadata)


def _row(sender: Sender, **values: Any) -> ReferenceFile:
    return ReferenceFile(
        team=sender.team,
        subscription_id=sender.account.subscription_id,
        account=sender.account,
        added_by=sender.by,
        **values,
    )


def _of_nonce(sender: Sender) -> ReferenceFile | None:
    job = Job.objects.filter(nonce=sender.nonce, team=sender.team, asked_by=sender.by).first()
    return job.file if job else None


def _ask(file: ReferenceFile, sender: Sender) -> ReferenceFile:
    """Row and job together, or neither."""
    with transaction.atomic():
        references.add(file)
        _enqueue(file, sender)
    return file


def _enqueue(file: ReferenceFile, sender: Sender) -> None:
    job_request = JobRequest(
        team=sender.team,
        by=sender.by,
        token=sender.token,
        account=sender.account,
        operation=UPLOAD,
        params={"stripMetadata": file.strip_metadata} if file.is_image else {},
        count=1,
        nonce=sender.nonce,
        file=file,
    )
    job_request.ask()


def _once_more(file: ReferenceFile, sender: Sender, *, strip_metadata: bool) -> UploadOutcome:
    """The same bytes are on that account, on their way there, or were not taken the first time."""
    where = sender.account.short
    if file.is_ready:
        return UploadOutcome(file, f"{file} is on {where} already.")
    job = newest_job(file)
    if job is not None and job.state in LIVE:
        return UploadOutcome(file, f"{file} is on its way to {where} already.")
    if file.problem:
        raise InvalidInput(file.problem)
    if strip_metadata != file.strip_metadata:
        _change_choice(file, strip_metadata)
    _enqueue(file, sender)
    return UploadOutcome(file, f"{file} is being sent to {where} again.")


def _change_choice(file: ReferenceFile, strip_metadata: bool) -> None:
    try:
        with transaction.atomic():
            ReferenceFile.objects.filter(pk=file.pk).update(strip_metadata=strip_metadata)
    except IntegrityError:
        how = "without" if strip_metadata else "with"
        raise InvalidInput(f"The same image is already there {how} its hidden data.") from None
    file.strip_metadata = strip_metadata


def try_again(file: ReferenceFile, sender: Sender, *, strip_metadata: bool | None = None) -> UploadOutcome:
    """From our own copy, without choosing it again. Raises InvalidInput."""
    job = newest_job(file)
    if job is not None and job.state in decisions.RETRYABLE and strip_metadata in {None, file.strip_metadata}:
        if decisions.retry(job, by=sender.by, nonce=sender.nonce) is None:
            raise InvalidInput(
                "It was found in the meantime, or you have no API token for its account any more."
            )
        return UploadOutcome(file, f"{file} is being sent to {sender.account.short} again.")
    strip = file.strip_metadata if strip_metadata is None else strip_metadata
    return _once_more(file, sender, strip_metadata=strip)


def newest_job(file: ReferenceFile) -> Job | None:
    return file.jobs.order_by("-created_at").first()


def delete(file: ReferenceFile, *, by: User) -> bool:
    """Deleted here; what is queued is not sent any more."""
    for job in file.jobs.filter(state=State.QUEUED):
        decisions.cancel(job, by=by)
    return references.delete(file, by=by)


def _really(file: ReferenceFile, received: Received) -> str:
    """Said when its name claims something else."""
    ending = file.name.rpartition(".")[2].lower() if "." in file.name else ""
    usual = {received.type.extension, *OTHER_ENDINGS.get(received.type.extension, ())}
    return "" if ending in usual or not ending else f" It is a {received.type.name}, whatever its name says."


OTHER_ENDINGS = {
    "jpg": ("jpeg", "jpe", "jfif"),
    "m4a": ("mp4", "m4b", "aac"),
    "wav": ("wave",),
    "mp3": ("mpga",),
}
