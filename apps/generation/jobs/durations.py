"""Says how long an operation usually takes: the median of the team's last finished jobs of that operation."""

from statistics import median

from django.db.models import QuerySet

from apps.accounts.models import Team
from apps.generation.models import Job, State
from apps.generation.operations import OPERATIONS
from apps.prepared import prepared

NEWEST = 200
# Shown until there is an own figure; of the others the pages' figures are used without being shown.
DOCUMENTED_S = {"music": OPERATIONS["music"].usual_s}


def seconds(team: Team) -> dict[str, int]:
    """Seconds by operation, for those that have a figure."""
    times: dict[str, list[int]] = {}
    for operation, duration_ms in _newest(team):
        times.setdefault(operation, []).append(duration_ms or 0)
    return DOCUMENTED_S | {operation: round(median(each) / 1000) for operation, each in times.items()}


@prepared
def _newest(team: Team) -> QuerySet[Job, tuple[str, int | None]]:
    finished = Job.objects.filter(
        team=team, duration_ms__isnull=False, state__in=[State.COMPLETED, State.COLLECTING]
    )
    return finished.order_by("-created_at").values_list("operation", "duration_ms")[:NEWEST]
