from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F


def keep_what_the_api_said(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Of takes that were not measured yet the one length is the API's; of the others it comes with the next record."""
    clips = apps.get_model("library", "Clip").objects.using(schema_editor.connection.alias)
    clips.filter(peaks__isnull=True).update(api_duration_s=F("duration_s"))


class Migration(migrations.Migration):
    dependencies = [("library", "0011_upload_by_choice")]

    operations = [
        migrations.AddField(model_name="clip", name="api_duration_s", field=models.FloatField(null=True)),
        migrations.RunPython(keep_what_the_api_said, migrations.RunPython.noop, elidable=True),
    ]
