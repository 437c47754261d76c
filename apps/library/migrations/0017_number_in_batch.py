"""A song knows which of the songs of one request it is. Those that are there get their numbers from their jobs, in a
migration of the app that has those (generation, 0013)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("library", "0016_draft_of_a_version")]

    operations = [
        migrations.AddField(
            model_name="song",
            name="batch_index",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="song",
            name="batch_size",
            field=models.PositiveSmallIntegerField(db_default=1, default=1),
        ),
    ]
