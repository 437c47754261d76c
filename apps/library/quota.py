"""How much a team keeps and how much it may. The figure changes with the file rows, in their transaction.

From 90 % on there is a warning. At 100 % WAV waits; m4a, mp3 and covers are always kept: a song that was paid for is
not lost over a limit.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import F

from apps.accounts.models import Team
from apps.library.models import TeamStorage

NEAR = 0.9


@dataclass(frozen=True)
class Usage:
    """Bytes kept and allowed; `limit` is None where there is none."""

    used: int = 0
    limit: int | None = None

    @property
    def is_full(self) -> bool:
        return self.limit is not None and self.used >= self.limit

    @property
    def is_near(self) -> bool:
        return self.limit is not None and self.used >= self.limit * NEAR

    @property
    def left(self) -> int | None:
        return None if self.limit is None else max(0, self.limit - self.used)

    @property
    def percent(self) -> int:
        """Rounded down, so that 100 means full."""
        return self.used * 100 // self.limit if self.limit else 0


def usage(team: Team | UUID) -> Usage:
    row = TeamStorage.objects.filter(team=team).values("used_bytes", "limit_bytes").first()
    return Usage(row["used_bytes"], row["limit_bytes"]) if row else Usage()


def kept(team_id: UUID, size: int) -> None:
    """Inside the transaction in which a row says that so many bytes are stored (or, below 0, are not any more)."""
    rows = TeamStorage.objects.filter(team_id=team_id)
    if not rows.update(used_bytes=F("used_bytes") + size):
        TeamStorage.objects.bulk_create([TeamStorage(team_id=team_id)], ignore_conflicts=True)
        rows.update(used_bytes=F("used_bytes") + size)


def freed(team_id: UUID, size: int) -> None:
    """As `kept`, for bytes that go."""
    kept(team_id, -size)


def set_limit(team: Team, limit: int | None) -> None:
    TeamStorage.objects.update_or_create(team=team, defaults={"limit_bytes": limit})
