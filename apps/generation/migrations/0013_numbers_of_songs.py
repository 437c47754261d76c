"""Songs that are there get the numbers of their jobs: a batch of ten is 1/10 to 10/10 in the library.

Some at a time, each a statement of its own: nobody waits long for a row, and a start that was killed goes on where it
was.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery

AT_ONCE = 500


def number(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    jobs = apps.get_model("generation", "Job").objects.using(schema_editor.connection.alias)
    songs = apps.get_model("library", "Song").objects.using(schema_editor.connection.alias)
    numbered = jobs.filter(batch_size__gt=1, song__isnull=False).order_by("song")
    own = jobs.filter(song=OuterRef("pk"))
    while ids := list(numbered.filter(song__batch_size=1).values_list("song", flat=True)[:AT_ONCE]):
        songs.filter(pk__in=ids).update(
            batch_index=Subquery(own.values("batch_index")[:1]),
            batch_size=Subquery(own.values("batch_size")[:1]),
        )


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("generation", "0012_field_names"), ("library", "0017_number_in_batch")]

    operations = [migrations.RunPython(number, migrations.RunPython.noop, elidable=True)]
