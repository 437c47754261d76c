# What was sent is counted, and a team whose rows come from a backup is held.

import uuid

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone


def keep_what_is_paused(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """A pause of all sending, after a restored backup, becomes a hold of each team."""
    pauses = apps.get_model("generation", "Lease").objects.filter(name="dispatch-paused")
    if not pauses.exists():
        return
    hold, now = apps.get_model("generation", "Hold"), timezone.now()
    teams = apps.get_model("accounts", "Team").objects.values_list("pk", flat=True)
    hold.objects.bulk_create(hold(team_id=team, since=now) for team in teams)
    pauses.delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_usage_wanted_with"),
        ("generation", "0007_one_split_per_take"),
    ]

    operations = [
        migrations.CreateModel(
            name="SendLedger",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("series", models.UUIDField(default=uuid.uuid4)),
                ("sent", models.PositiveBigIntegerField(default=0)),
                ("database", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="one_ledger")],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                (
                    "team",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="hold",
                        serialize=False,
                        to="accounts.team",
                    ),
                ),
                ("since", models.DateTimeField()),
                ("calls", models.PositiveIntegerField(default=0)),
                ("gone", models.PositiveIntegerField(default=0)),
                ("first_at", models.DateTimeField(null=True)),
                ("last_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField("job", "restored_at", models.DateTimeField(null=True)),
        migrations.RunPython(keep_what_is_paused, migrations.RunPython.noop),
    ]
