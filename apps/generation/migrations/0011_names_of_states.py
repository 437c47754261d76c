from django.db import migrations, models


class Migration(migrations.Migration):
    """The states as people read them; no row and no column changes."""

    dependencies = [("generation", "0010_lost_song_search")]

    operations = [
        migrations.AlterField(
            model_name="job",
            name="state",
            field=models.CharField(
                choices=[
                    ("queued", "Queued"),
                    ("submitting", "Sending"),
                    ("running", "Running"),
                    ("unknown", "Outcome unknown"),
                    ("collecting", "Saving"),
                    ("completed", "Done"),
                    ("failed", "Failed"),
                    ("rejected", "Rejected"),
                    ("cancelled", "Cancelled"),
                    ("abandoned", "Marked as lost"),
                ],
                default="queued",
                max_length=12,
            ),
        ),
    ]
