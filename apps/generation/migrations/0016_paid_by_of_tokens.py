"""Jobs that are there get the owner of their token as who pays for them. Of tokens that are gone it is not known.

Some at a time, each a statement of its own: nobody waits long for a row, and a start that was killed goes on where it
was.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery

AT_ONCE = 500


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    alias = schema_editor.connection.alias
    jobs = apps.get_model("generation", "Job").objects.using(alias)
    tokens = apps.get_model("accounts", "ApiToken").objects.using(alias)
    owner = Subquery(tokens.filter(pk=OuterRef("token")).values("owner")[:1])
    without = jobs.filter(paid_by=None, token__isnull=False).order_by()
    while ids := list(without.values_list("pk", flat=True)[:AT_ONCE]):
        jobs.filter(pk__in=ids).update(paid_by=owner)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("generation", "0015_paid_by"), ("accounts", "0012_lending_and_caps")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
