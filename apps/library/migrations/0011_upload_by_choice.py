"""A picture that is sent with its hidden data is another upload than the same one without.

Of sound nothing is stripped, so there is one way of it. The index is looser than the former one: a process of the
version before goes on writing meanwhile.
"""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

CONTENT = models.Q(deleted_at=None, origin="uploaded") & ~models.Q(sha256="")


def one_way_of_sound(apps: Apps, _: BaseDatabaseSchemaEditor) -> None:
    files = apps.get_model("library", "ReferenceFile").objects
    files.filter(kind="audio", strip_metadata=False).update(strip_metadata=True)


class Migration(migrations.Migration):
    dependencies = [("library", "0010_better_words")]

    operations = [
        migrations.RunPython(one_way_of_sound, migrations.RunPython.noop),
        migrations.RemoveConstraint("referencefile", "one_upload_per_content"),
        migrations.AddConstraint(
            "referencefile",
            models.UniqueConstraint(
                fields=["team", "account", "sha256", "strip_metadata"],
                condition=CONTENT,
                name="one_upload_per_content",
            ),
        ),
    ]
