"""Two models have the field's names now. The tables keep theirs, so nothing is changed in the database: the triggers of
the full-text index (migration 0003) stand on one of them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("library", "0014_lyric_draft"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameModel("Opinion", "Rating"),
                migrations.AlterModelTable("Rating", "library_opinion"),
                migrations.AlterField(
                    "Rating",
                    "clip",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="ratings", to="library.clip"
                    ),
                ),
                migrations.AlterField(
                    "Rating",
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ratings",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                migrations.RenameModel("ClipWords", "ClipSearchText"),
                migrations.AlterModelTable("ClipSearchText", "library_clipwords"),
            ],
        )
    ]
