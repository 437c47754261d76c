from django.db import models

from apps.library.models.clips import Clip


class ClipWords(models.Model):
    """What a take is found by: the words of its title, lyrics and prompt, folded (searching.py), one space between;
    before them the sign of its team.

    The database's own full-text index stands on `terms` (migration 0003): FTS5 kept up by triggers on SQLite, a
    generated tsvector with GIN on Postgres. SQLite drops triggers with their table, so a migration that alters this
    table has to make them again.
    """

    clip = models.OneToOneField(Clip, on_delete=models.CASCADE, related_name="found_by")
    terms = models.TextField()
