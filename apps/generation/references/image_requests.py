"""Images that Flow Music makes of a prompt: a reference file and its job, one for each form that is sent."""

import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.models import ApiToken, FlowAccount, Team, User
from apps.generation.jobs.requests import FormAlreadyUsed, JobRequest
from apps.generation.models import Job
from apps.library.models import ReferenceFile

IMAGE = "image"
PROMPT_LIMIT = 2_000  # post-flowmusic-files-generate
NAME_LENGTH = 6


def begin(
    *, team: Team, by: User, token: ApiToken, account: FlowAccount | None, prompt: str, nonce: uuid.UUID
) -> ReferenceFile:
    """Without an account the dispatcher chooses one. Raises FormAlreadyUsed."""
    shared: dict[str, Any] = {
        "team": team,
        "by": by,
        "token": token,
        "account": account,
        "nonce": nonce,
        "count": 1,
    }
    values = {
        "subscription": token.subscription,
        "account": account,
        "kind": ReferenceFile.Kind.IMAGE,
        "name": name_of(prompt),
        "prompt": prompt,
        "next_try_at": timezone.now(),  # fetched as soon as there is something to fetch
    }
    try:
        with transaction.atomic():
            # Whose it is belongs to what is looked for: a page's number is no key to the file of somebody else.
            file, _ = ReferenceFile.objects.get_or_create(
                pk=nonce, team=team, added_by=by, origin=ReferenceFile.Origin.MADE, defaults=values
            )
            JobRequest(operation=IMAGE, params={"prompt": prompt}, file=file, **shared).ask()
    except IntegrityError:
        raise FormAlreadyUsed("This form was sent by somebody else.") from None
    return file


def name_of(prompt: str) -> str:
    """The first words, as the image is called until somebody gives it another name."""
    words = prompt.split()
    return f"{' '.join(words[:NAME_LENGTH])[:80].strip(' ,.;:')}{'…' if len(words) > NAME_LENGTH else ''}"


def filled_as(job: Job) -> dict[str, Any]:
    """What the form begins with, to ask for the same in other words."""
    found = {"prompt": job.params.get("prompt", "")}
    if job.account_is_fixed and job.account:
        found["email"] = job.account.email
    return found
