from typing import ClassVar

from django.db import models

from apps.library.models.clips import Clip


class ClipSearchText(models.Model):
    """What a take is found by: the words of its title, tags, lyrics and prompt, folded (terms.py), one space between;
    before them the sign of its team.

    The database's own full-text index stands on `terms` (migration 0003): FTS5 kept up by triggers on SQLite, a
    generated tsvector with GIN on Postgres. SQLite drops triggers with their table, so a migration that alters this
    table has to make them again.
    """

    clip = models.OneToOneField(Clip, on_delete=models.CASCADE, related_name="found_by")
    terms = models.TextField()
    # How they were written: search_index.WAY. None: an earlier way, so reindex.py writes the row anew.
    way = models.PositiveSmallIntegerField(null=True)

    class Meta:
        db_table = "library_clipwords"
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=models.Q(way__isnull=True), name="clipwords_of_before")
        ]
