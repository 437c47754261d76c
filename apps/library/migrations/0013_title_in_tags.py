"""Which title the tags of a stored file hold: a song that is renamed has its files tagged anew."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("library", "0012_api_duration")]

    operations = [
        migrations.AddField(
            model_name="clipfile", name="title_in_tags", field=models.CharField(max_length=300, null=True)
        ),
    ]
