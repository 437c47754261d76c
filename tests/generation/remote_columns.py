"""Which columns hold what the remote side said, and whether a value fits its column on every database."""

import math
from collections.abc import Iterator
from typing import Any

from django.db import models

# Columns that hold what the remote side said, by table. Every other column of these tables is our own.
REMOTE = {
    "accounts.FlowAccount": "email tier max_jobs credits song_credits song_credits_fixed usage_problem running "
    "elsewhere block_reason",
    "accounts.UsageRow": "day type conversation_id title tokens latest_at",
    "generation.Job": "jobid duration_ms error_code error_text error_quote evidence incident wait_reason not_before",
    "generation.JobEvent": "text",
    "generation.SeenJob": "jobid reference",
    "generation.Look": "problem clips",
    "library.Clip": "clip_id jobid title lyrics duration_s seed stem_type lyrics_timing made_at",
    "library.ClipFile": "source_url last_error",
    "library.ClipWords": "terms",
    "library.LyricVersion": "title lyrics sound_prompt song_fired credits_burned",
    "library.ReferenceFile": "width height duration_s asset_id source_url metadata_stripped clip_id operation_id "
    "is_flagged",
    "library.Import": "offset anchors last_at problem new filled known left_out",
    "library.Song": "created_at",
}

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
