from django.db import models
from django.db.models import F, OuterRef, QuerySet, Subquery

from apps.accounts.models import Team
from apps.prepared import prepared


class PanelVersion(models.Model):
    """Grows with every change that a team's live panel shows; an unchanged panel is answered by this alone."""

    team = models.OneToOneField(Team, on_delete=models.CASCADE, primary_key=True)
    version = models.PositiveBigIntegerField(default=1)

    @classmethod
    def bump(cls, team_id: object) -> None:
        if not cls.objects.filter(team_id=team_id).update(version=F("version") + 1):
            cls.objects.get_or_create(team_id=team_id)

    @classmethod
    def of(cls, team: Team) -> int:
        return next(iter(_version(team)), 0)

    @classmethod
    def of_membership(cls) -> Subquery:
        """For queries of memberships: the version of their team, None as long as nothing was shown."""
        return Subquery(cls.objects.filter(team=OuterRef("team")).values("version"))


@prepared
def _version(team: Team) -> "QuerySet[PanelVersion, int]":
    return PanelVersion.objects.filter(team=team).values_list("version", flat=True)


class Lease(models.Model):
    """A named lease: whoever moves `until` has it. Two beats make one tick."""

    name = models.CharField(max_length=40, primary_key=True)
    until = models.DateTimeField()
