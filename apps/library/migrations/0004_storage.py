from typing import Any

from django.db import migrations, models
from django.db.models import Q, Sum


def count(apps: Any, schema_editor: Any) -> None:
    """What the teams keep already."""
    ClipFile, TeamStorage = apps.get_model("library", "ClipFile"), apps.get_model("library", "TeamStorage")
    stored = ClipFile.objects.filter(state="stored").order_by()
    for team_id, used in stored.values_list("clip__team").annotate(Sum("size")):
        TeamStorage.objects.update_or_create(team_id=team_id, defaults={"used_bytes": used or 0})
    # An index takes the place of the state: what isn't due any more has no time.
    ClipFile.objects.exclude(state="wanted").exclude(next_try_at=None).update(next_try_at=None)


class Migration(migrations.Migration):
    dependencies = [("library", "0003_full_text")]

    operations = [
        migrations.AddField(
            model_name="clipfile",
            name="former",
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.RunPython(count, migrations.RunPython.noop),
        migrations.RemoveIndex(model_name="clipfile", name="file_due"),
        migrations.AddIndex(
            model_name="clipfile",
            index=models.Index(
                condition=Q(next_try_at__isnull=False), fields=["next_try_at"], name="file_due"
            ),
        ),
    ]
