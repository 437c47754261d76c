"""Jobs of this month that are there count against caps, as far as it is known what they cost: a cap that is set later
begins with what was spent. What is older belongs to months that are over.
"""

from datetime import UTC, datetime
from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

FREE = ["lyrics", "image", "upload"]
USUAL = 5  # credits, where no price was kept


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    alias = schema_editor.connection.alias
    jobs = apps.get_model("generation", "Job").objects.using(alias)
    counts = apps.get_model("accounts", "MonthlyCredits").objects.using(alias)
    begun = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    unspent = Q(state="rejected") | Q(state="cancelled", sent_at=None, jobid=None)
    new = jobs.filter(created_at__gte=begun, counted_in=None).exclude(unspent).exclude(operation__in=FREE)
    cost = Sum(Coalesce("price", USUAL))
    sums = list(new.order_by().values("team", "asked_by").annotate(cost=cost))
    new.update(counted_in=begun.date(), counted_credits=Coalesce("price", USUAL))
    for each in sums:
        people = {None, each["asked_by"]}  # of all together, and their own
        for person in people:
            _add(counts, each["cost"], team_id=each["team"], member_id=person, token=None, month=begun.date())


def _add(counts: Any, credits: int, **row: Any) -> None:
    if not counts.filter(**row).update(credits=F("credits") + credits):
        counts.create(**row, credits=credits)


class Migration(migrations.Migration):
    dependencies = [("generation", "0020_decided_by"), ("accounts", "0012_lending_and_caps")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
