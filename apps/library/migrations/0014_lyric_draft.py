from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """A lyric sheet is called a lyric draft; its table keeps its name, so no SQL runs."""

    # generation 0003 points at the model by the name that it had.
    dependencies: ClassVar = [("library", "0013_title_in_tags"), ("generation", "0003_all_operations")]

    operations: ClassVar = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameModel("LyricSheet", "LyricDraft"),
                migrations.AlterModelTable("LyricDraft", "library_lyricsheet"),
                migrations.AlterField(
                    "LyricDraft",
                    "team",
                    models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="lyric_drafts"),
                ),
            ]
        )
    ]
