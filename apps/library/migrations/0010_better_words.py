"""Which way the words of a take were written down. Rows of before have none, and are written anew in the background.

Both statements take no time, however many rows there are, and leave the triggers of SQLite alone (0003): a column that
may be null is added in place. A process of the version before goes on writing and finding meanwhile.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("library", "0009_fewer_indexes")]

    operations = [
        migrations.AddField(
            model_name="clipwords", name="way", field=models.PositiveSmallIntegerField(null=True)
        ),
        migrations.AddIndex(
            model_name="clipwords",
            index=models.Index(
                fields=["id"], condition=models.Q(way__isnull=True), name="clipwords_of_before"
            ),
        ),
    ]
