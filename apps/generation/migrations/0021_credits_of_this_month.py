"""Jobs of this month that are there count against caps, as far as it is known what they cost: a cap that is set later
begins with what was spent. What is older belongs to months that are over.
"""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, Q

FREE = ["lyrics", "image", "upload"]
USUAL = 5  # credits, where no price was kept


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    alias = schema_editor.connection.alias
    jobs = apps.get_model("generation", "Job").objects.using(alias)
    counts = apps.get_model("accounts", "MonthlyCredits").objects.using(alias)
    begun = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    unspent = Q(state="rejected") | Q(state="cancelled", sent_at=None, jobid=None)
    new = jobs.filter(created_at__gte=begun, counted_in=None).exclude(unspent).exclude(operation__in=FREE)
    sums: Counter[tuple[Any, Any]] = Counter()
    # Those that are read and no others, as they are read: the version before may be at work beside this.
    for job in list(new.order_by("pk").select_for_update().only("team", "asked_by", "price")):
        credits = USUAL if job.price is None else job.price
        jobs.filter(pk=job.pk).update(counted_in=begun.date(), counted_credits=credits)
        for person in {None, job.asked_by_id}:  # of all together, and their own
            sums[job.team_id, person] += credits
    for (team, person), credits in sums.items():
        _add(counts, credits, team_id=team, member_id=person, token=None, month=begun.date())


def _add(counts: Any, credits: int, **row: Any) -> None:
    if not counts.filter(**row).update(credits=F("credits") + credits):
        counts.create(**row, credits=credits)


class Migration(migrations.Migration):
    dependencies = [("generation", "0020_decided_by"), ("accounts", "0012_lending_and_caps")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
