import django.core.serializers.json
import django.db.models.deletion
from django.apps.registry import Apps as StateApps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery
from django.utils import timezone

KEPT = (
    "tier",
    "max_jobs",
    "credits",
    "checked_at",
    "song_credits",
    "song_credits_fixed",
    "usage_read_at",
    "block",
    "block_reason",
)


def write_down(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """What teams see now; of a refused token only what was read while it worked."""
    accounts = apps.get_model("accounts", "FlowAccount")
    sights = apps.get_model("accounts", "Sight")
    rows = apps.get_model("accounts", "UsageRow")
    read = accounts.objects.filter(pk=OuterRef("account")).values("usage_read_at")[:1]
    rows.objects.update(read_at=Subquery(read))
    for token in apps.get_model("accounts", "ApiToken").objects.all():
        at = token.refused_at or timezone.now()
        before = sights.objects.filter(team=token.team_id, subscription=token.subscription_id, at__gte=at)
        if before.exists():
            continue
        known = accounts.objects.filter(subscription=token.subscription_id)
        if token.refused_at:
            known = known.filter(checked_at__lte=token.refused_at)
        kept = {str(each["pk"]): {name: each[name] for name in KEPT} for each in known.values("pk", *KEPT)}
        sights.objects.update_or_create(
            team_id=token.team_id,
            subscription_id=token.subscription_id,
            defaults={"at": at, "accounts": kept},
        )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_append_only"),
    ]

    operations = [
        migrations.AddField(
            model_name="usagerow",
            name="read_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name="Sight",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "accounts",
                    models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.subscription",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.team"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("team", "subscription"), name="one_sight_per_team")
                ],
            },
        ),
        migrations.RunPython(write_down, migrations.RunPython.noop, elidable=True),
    ]
