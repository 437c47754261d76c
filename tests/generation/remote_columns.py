"""Which columns hold what the remote side said, and whether a value fits its column on every database."""

import math
from collections.abc import Iterator
from typing import Any

from django.db import models

# Columns that hold what the remote side said, or are worked out of it, by table. A new column gets its place here or in
# OURS, a new table here or in WITHOUT.
REMOTE = {
    "accounts.FlowAccount": "email tier max_jobs credits song_credits song_credits_fixed usage_problem running "
    "elsewhere block_reason",
    "accounts.Subscription": "blocked_reason blocked_until",
    "accounts.ApiToken": "refused_reason",
    "accounts.UsageRow": "day type conversation_id title tokens latest_at",
    "generation.Job": "jobid duration_ms error_code error_text error_quote evidence incident wait_reason not_before",
    "generation.JobEvent": "text",
    "generation.SeenJob": "jobid reference",
    "generation.LostSongSearch": "problem clips",
    "library.Clip": "clip_id jobid title lyrics duration_s api_duration_s seed stem_type lyrics_timing made_at",
    "library.ClipFile": "source_url last_error",
    "library.ClipSearchText": "terms",
    "library.LyricVersion": "title lyrics sound_prompt song_fired credits_burned",
    "library.ReferenceFile": "name width height duration_s asset_id source_url metadata_stripped clip_id operation_id "
    "is_flagged",
    "library.Import": "offset anchors last_at problem new filled known left_out",
    "library.Song": "created_at",
}

OURS = {
    "accounts.FlowAccount": "id subscription checked_at usage_asked_at usage_wanted_at usage_wanted_with usage_read_at "
    "charges_counted_at "
    "slot_version block block_until",
    "accounts.Subscription": "id provider endpoint number next_poll_at",
    "accounts.ApiToken": "id team owner subscription ciphertext last4 added_at checked_at refused_at owner_left_at",
    "accounts.UsageRow": "id account read_at",
    "generation.Job": "id team asked_by token paid_by subscription account account_is_fixed operation params source "
    "file lyric_draft cell nonce batch_index batch_size retry_of state created_at position paused decided_by reference "
    "hook_hash claim claim_expires_at attempts sent_at ran_on price counted_credits counted_in charge_known "
    "accepted_at "
    "check_at reader_until "
    "cancel_requested_at cancel_sent_at unknown_since times_checked last_checked_at restored_at collecting_since "
    "finished_at song hidden_at",
    "generation.JobEvent": "id job at state by",
    "generation.SeenJob": "id subscription team first_seen_at read_at reader_until tries",
    "generation.LostSongSearch": "job asked_by asked_at claim claim_until found_at",
    "library.Clip": "id team song take subscription account uneditable created_at peaks rms loudness_db deleted_at "
    "deleted_by erased_at",
    "library.ClipFile": "id clip kind state file size sha256 content_type has_cover title_in_tags stored_at former "
    "background wanted_since next_try_at tries claim claim_until",
    "library.ClipSearchText": "id clip way",
    "library.LyricVersion": "id draft number origin by created_at",
    "library.ReferenceFile": "id team subscription account added_by kind origin prompt copy_of created_at file thumb "
    "content_type size sha256 examined_at problem next_try_at tries last_error strip_metadata "
    "deleted_at",
    "library.Import": "id team subscription account asked_by state started_at changed_at finished_at first most at_top "
    "restarts tries next_at claim claim_until",
    "library.Song": "id team asked_by operation source name prompt params tone batch_index batch_size",
}
WITHOUT = (
    "accounts.Handover accounts.Invitation "
    "accounts.KeyCanary accounts.Mail accounts.User accounts.SignInLink accounts.Team accounts.Membership "
    "accounts.AuditEntry accounts.Sight accounts.Lending accounts.MonthlyCredits "
    "library.TeamStorage library.LyricDraft library.Rating library.Tag "
    "library.Collection library.CollectionItem generation.SendLedger generation.Hold generation.Sweep "
    "generation.SweepCell generation.Chain generation.ChainStep generation.PanelVersion generation.Lease "
    "generation.Preset generation.LendingRequest"
)

# What Postgres takes, which is stricter than SQLite.
RANGES = {
    "PositiveSmallIntegerField": (0, 2**15 - 1),
    "PositiveIntegerField": (0, 2**31 - 1),
    "IntegerField": (-(2**31), 2**31 - 1),
    "BigIntegerField": (-(2**63), 2**63 - 1),
}


def misfits(row: models.Model) -> Iterator[str]:
    """The columns of a row whose value another database would not take, or no page could show."""
    for name in REMOTE[row._meta.label].split():
        field = row._meta.get_field(name)
        value = getattr(row, name)
        if value is not None and not _fits(field, value):
            yield f"{row._meta.label}.{name}: {str(value)[:60]}"


def _fits(field: models.Field, value: Any) -> bool:
    if limits := RANGES.get(field.get_internal_type()):
        return limits[0] <= value <= limits[1]
    if isinstance(value, float):
        return math.isfinite(value)
    text = value if isinstance(value, str) else repr(value)
    holds = "\0" not in text and r"\x00" not in text and "nan" not in text.split()
    return (
        holds and text.encode(errors="replace").decode() == text and len(text) <= (field.max_length or 10**7)
    )
