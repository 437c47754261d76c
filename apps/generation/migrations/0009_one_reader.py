import django.db.models.deletion
from django.apps.registry import Apps as StateApps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery


def name_teams(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """What is still to be read is read for the team that asked for something there last."""
    jobs = apps.get_model("generation", "Job").objects.filter(subscription=OuterRef("subscription"))
    newest = jobs.order_by("-created_at").values("team")[:1]
    apps.get_model("generation", "SeenJob").objects.filter(read_at=None).update(team=Subquery(newest))


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_sight"),
        ("generation", "0008_send_ledger"),
    ]

    operations = [
        migrations.AddField(
            model_name="job",
            name="reader_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="seenjob",
            name="reader_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="seenjob",
            name="team",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="accounts.team",
            ),
        ),
        migrations.RunPython(name_teams, migrations.RunPython.noop, elidable=True),
    ]
