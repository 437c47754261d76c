"""Searches for a lost song: a worker reads the newest clips of its account that no job knows (get-flowmusic-music).

The list has no dates. What stands above a song of which we know when it was made was made after it, and the other
way round: so it can be said of many whether they can be the one.
"""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.accounts import api_clients
from apps.accounts.api_clients import NoToken
from apps.accounts.models import FlowAccount, User
from apps.generation.models import Job, LostSongSearch, PanelVersion
from apps.library.models import Clip, Song
from apps.upstream.deadline import Deadline
from apps.upstream.errors import TokenRefused, UpstreamError
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.records import ClipRecord
from apps.wake import wake

SECONDS = 10.0
CLAIM = timedelta(seconds=30)
MOST_PAGES, MOST_CLIPS, MOST_ACCOUNTS = 3, 60, 8
# A song is created some time after it was requested, and clocks differ.
WELL_BEFORE = timedelta(minutes=10)
NOBODY = "There is no working token for this account. Enter a new one, then search again."
MORE_ACCOUNTS = f"It may have been sent to an account other than the {MOST_ACCOUNTS} that were read."
MORE_SONGS = "There are more songs than were read, so it may be one of those."
NO_ACCOUNT = "The account that this was sent to is not known here any more, so there is nowhere to search."


def start_search(job: Job, *, by: User) -> None:
    """Has the list read, anew if it was read before."""
    fresh = {"asked_by": by, "asked_at": timezone.now(), "found_at": None, "problem": "", "claim": None}
    LostSongSearch.objects.update_or_create(job=job, defaults=fresh | {"claim_until": None, "clips": []})
    wake("generation.look", str(job.pk))


def due(now: datetime) -> list[str]:
    """Whose message was lost."""
    return [str(pk) for pk in LostSongSearch.objects.due(now).values_list("pk", flat=True)[:20]]


def search(job_id: str) -> bool:
    """Reads the list and keeps what may be the song. False: it isn't due, or somebody else reads."""
    claim_id, row = uuid.uuid4(), LostSongSearch(job_id=UUID(job_id))
    if not row.take_claim(claim_id, lasts=CLAIM):
        return False
    job = Job.objects.select_related("subscription", "ran_on", "account", "team").get(pk=UUID(job_id))
    problem, clips = _read(job)
    kept = {"problem": problem[:300], "clips": clips, "found_at": timezone.now(), "claim_until": None}
    done = row.claimed_by(claim_id).update(**kept) == 1
    PanelVersion.bump(job.team_id)
    return done


def _read(job: Job) -> tuple[str, list[dict[str, Any]]]:
    accounts = _accounts(job)
    if not accounts:
        return NO_ACCOUNT, []
    try:
        token, client = api_clients.of_team(job.team_id, job.subscription_id)
    except NoToken:
        return NOBODY, []
    try:
        deadline = Deadline(SECONDS)
        lists = [_on_account(job, client, account, deadline) for account in accounts[:MOST_ACCOUNTS]]
        missing = [MORE_ACCOUNTS] if len(accounts) > MOST_ACCOUNTS else []
        missing += [] if all(listed.is_whole for listed in lists) else [MORE_SONGS]
        return " ".join(missing), _joined([kept for listed in lists for kept in listed.clips])
    except TokenRefused as error:
        token.refuse(at=timezone.now(), reason=error.user_message)
        wake("generation.changed", job.subscription_id)
        return error.user_message, []
    except UpstreamError as error:
        return error.user_message, []


def _accounts(job: Job) -> list[FlowAccount]:
    """Where it was sent to. A row from a backup doesn't know that for certain: then any that may have been chosen."""
    known = job.ran_on or job.account
    if job.account_is_fixed or not job.restored_at:
        return [known] if known else []
    accounts = list(
        job.subscription.flow_accounts.exclude(block=FlowAccount.Block.GONE).order_by("pk")[
            : MOST_ACCOUNTS + 1
        ]
    )
    others = [account for account in accounts if account != known]
    return [known, *others] if known else others


@dataclass(frozen=True)
class AccountCandidates:
    """What may be it on one account, and whether that is all: what was left out is known to be older."""

    clips: list[dict[str, Any]]
    is_whole: bool


def _on_account(job: Job, client: FlowMusic, account: FlowAccount, deadline: Deadline) -> AccountCandidates:
    clips, has_more = _newest(client, account, deadline)
    found, reaches_back = _unknown(job, clips)
    may_be = sum(kept["since"] is not False for kept in found)
    return AccountCandidates(
        _joined(found)[:MOST_CLIPS], may_be <= MOST_CLIPS and (reaches_back or not has_more)
    )


def _joined(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All that may be it, and then of what is older as much as there is room for."""
    may_be = [kept for kept in found if kept["since"] is not False]
    older = [kept for kept in found if kept["since"] is False]
    return may_be + older[: max(0, MOST_CLIPS - len(may_be))]


def _newest(client: FlowMusic, account: FlowAccount, deadline: Deadline) -> tuple[list[ClipRecord], bool]:
    """And whether there are more."""
    clips: list[ClipRecord] = []
    offset: int | None = 0
    for _ in range(MOST_PAGES):
        page = client.music_list(account.email, offset=offset or 0, deadline_s=deadline.left())
        clips += page.clips
        offset = page.next
        if offset is None:
            break
    return list({clip.clip_id: clip for clip in clips}.values()), offset is not None


def _unknown(job: Job, clips: Sequence[ClipRecord]) -> tuple[list[dict[str, Any]], bool]:
    """Those that no job knows, of this team or of another one, and that weren't deleted here.

    And whether the list reaches back to what was made before.
    """
    here = Clip.objects.filter(subscription=job.subscription_id, clip_id__in=[clip.clip_id for clip in clips])
    made = {
        clip_id: made_at or asked_at
        for clip_id, made_at, asked_at in here.exclude(song__operation=Song.IMPORT).values_list(
            "clip_id", "made_at", "song__created_at"
        )
    }
    gone = set(here.filter(team=job.team_id, deleted_at__isnull=False).values_list("clip_id", flat=True))
    since = _since(clips, made, job.sent_at or job.created_at)
    found = [clip for clip in clips if clip.clip_id not in made and clip.clip_id not in gone]
    return [_clip_fields(clip, since[clip.clip_id]) for clip in found], False in since.values()


def _since(
    clips: Sequence[ClipRecord], made: dict[str, datetime], sent_at: datetime
) -> dict[str, bool | None]:
    """Of each clip whether it was made after that time, as far as its neighbours in the list say so."""
    times = [clip.created_at or made.get(clip.clip_id) for clip in clips]
    last_after = max((place for place, at in enumerate(times) if at and at >= sent_at), default=-1)
    first_before = next(
        (place for place, at in enumerate(times) if at and at < sent_at - WELL_BEFORE), len(times)
    )
    return {
        clip.clip_id: True if place <= last_after else False if place >= first_before else None
        for place, clip in enumerate(clips)
    }


def _clip_fields(clip: ClipRecord, since: bool | None) -> dict[str, Any]:
    created_at = clip.created_at.isoformat() if clip.created_at else None
    return asdict(clip) | {"created_at": created_at, "since": since}


def record_of(kept: dict[str, Any]) -> ClipRecord:
    return ClipRecord.parse({**kept, "clip": kept["clip_id"]})
