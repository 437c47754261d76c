from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models


def renamed(
    model: str, old: str, new: str, field: "models.Field[Any, Any]"
) -> list[migrations.operations.base.Operation]:
    return [migrations.RenameField(model, old, new), migrations.AlterField(model, new, field)]


class Migration(migrations.Migration):
    """Fields by the words of docs/words.md. Every column keeps its name, so no SQL runs."""

    dependencies: ClassVar = [("generation", "0011_names_of_states"), ("library", "0016_draft_of_a_version")]

    operations: ClassVar = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                *renamed(
                    "job",
                    "sheet",
                    "lyric_draft",
                    models.ForeignKey(
                        "library.lyricdraft",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="jobs",
                        db_column="sheet_id",
                    ),
                ),
                *renamed(
                    "job", "looks", "times_checked", models.PositiveIntegerField(default=0, db_column="looks")
                ),
                *renamed(
                    "job",
                    "looked_at",
                    "last_checked_at",
                    models.DateTimeField(null=True, db_column="looked_at"),
                ),
                migrations.AlterField(
                    "job",
                    "account",
                    models.ForeignKey(
                        "accounts.flowaccount",
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="chosen_jobs",
                    ),
                ),
                *renamed("sweep", "asked", "inputs", models.JSONField(default=dict, db_column="asked")),
                *renamed(
                    "sweep",
                    "keepers",
                    "favourites_wanted",
                    models.PositiveSmallIntegerField(null=True, db_column="keepers"),
                ),
                *renamed(
                    "sweep",
                    "kept",
                    "favourites_found",
                    models.PositiveSmallIntegerField(default=0, db_column="kept"),
                ),
                migrations.AlterField(
                    "sweep",
                    "ended",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("keepers", "Favourites"),
                            ("cap", "Cap"),
                            ("all", "All"),
                            ("person", "Person"),
                            ("backup", "Backup"),
                        ],
                        max_length=10,
                    ),
                ),
                *renamed("hold", "gone", "missing", models.PositiveIntegerField(default=0, db_column="gone")),
            ]
        )
    ]
