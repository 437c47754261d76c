"""How long things usually take: the middle of the team's last finished jobs of that operation."""

from statistics import median

from apps.accounts.models import Team
from apps.generation.models import Job, State

NEWEST = 200
# Until there is an own figure: the middle of what the pages say (a song 40–150 s).
DOCUMENTED_S = {"music": 95}
LABELS = {"music": "Song"}


def seconds(team: Team) -> dict[str, int]:
    """Seconds by operation, for those that have a figure."""
    finished = Job.objects.filter(
        team=team, duration_ms__isnull=False, state__in=[State.COMPLETED, State.COLLECTING]
    )
    newest = finished.order_by("-created_at").values_list("operation", "duration_ms")[:NEWEST]
    times: dict[str, list[int]] = {}
    for operation, duration_ms in newest:
        times.setdefault(operation, []).append(duration_ms or 0)
    return DOCUMENTED_S | {operation: round(median(each) / 1000) for operation, each in times.items()}
