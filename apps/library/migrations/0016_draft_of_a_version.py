from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A version of lyrics is of a draft. The column keeps its name, so no SQL runs."""

    dependencies: ClassVar = [("library", "0015_ratings_and_search_text")]

    operations: ClassVar = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint("lyricversion", "one_version_per_number"),
                migrations.RenameField("lyricversion", "sheet", "draft"),
                migrations.AlterField(
                    "lyricversion",
                    "draft",
                    models.ForeignKey(
                        "library.lyricdraft",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        db_column="sheet_id",
                    ),
                ),
                migrations.AlterModelOptions("lyricversion", {"ordering": ["draft", "-number"]}),
                migrations.AddConstraint(
                    "lyricversion",
                    models.UniqueConstraint(fields=["draft", "number"], name="one_version_per_number"),
                ),
            ]
        )
    ]
