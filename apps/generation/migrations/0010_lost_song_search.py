"""`Look` is called `LostSongSearch` from now on; its table, and all that is in it, stays."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generation", "0009_one_reader")]

    operations = [
        migrations.AlterModelTable(name="look", table="generation_look"),
        migrations.RenameModel(old_name="Look", new_name="LostSongSearch"),
        migrations.AlterField(
            model_name="lostsongsearch",
            name="job",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                primary_key=True,
                related_name="search",
                serialize=False,
                to="generation.job",
            ),
        ),
    ]
