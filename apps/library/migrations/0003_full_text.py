"""The full-text index over ClipWords: FTS5 kept up by triggers on SQLite, a generated tsvector with GIN on Postgres."""

import re
import unicodedata

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# FTS5's "ascii" tokenizer takes everything outside ASCII as letters: the terms are folded words already, and no
# version of Unicode inside SQLite should have another opinion about them.
SQLITE = (
    """CREATE VIRTUAL TABLE library_clipwords_index USING fts5(
        terms, content='library_clipwords', content_rowid='id', tokenize='ascii', prefix='1 2 3'
    )""",
    """CREATE TRIGGER library_clipwords_added AFTER INSERT ON library_clipwords BEGIN
        INSERT INTO library_clipwords_index (rowid, terms) VALUES (new.id, new.terms);
    END""",
    """CREATE TRIGGER library_clipwords_removed AFTER DELETE ON library_clipwords BEGIN
        INSERT INTO library_clipwords_index (library_clipwords_index, rowid, terms)
        VALUES ('delete', old.id, old.terms);
    END""",
    """CREATE TRIGGER library_clipwords_changed AFTER UPDATE ON library_clipwords BEGIN
        INSERT INTO library_clipwords_index (library_clipwords_index, rowid, terms)
        VALUES ('delete', old.id, old.terms);
        INSERT INTO library_clipwords_index (rowid, terms) VALUES (new.id, new.terms);
    END""",
    # Rows stay when the index is taken away.
    "INSERT INTO library_clipwords_index (library_clipwords_index) VALUES ('rebuild')",
)
SQLITE_BACK = (
    "DROP TRIGGER library_clipwords_added",
    "DROP TRIGGER library_clipwords_removed",
    "DROP TRIGGER library_clipwords_changed",
    "DROP TABLE library_clipwords_index",
)
# Not to_tsvector: its parser and its dictionaries would fold and cut the words in their own way. No fastupdate: a
# search would have to read the list of what was written last.
POSTGRES = (
    """ALTER TABLE library_clipwords ADD COLUMN vector tsvector
        GENERATED ALWAYS AS (array_to_tsvector(string_to_array(terms, ' '))) STORED""",
    "CREATE INDEX library_clipwords_vector ON library_clipwords USING gin (vector) WITH (fastupdate = off)",
)
POSTGRES_BACK = ("ALTER TABLE library_clipwords DROP COLUMN vector",)

PER_WRITE = 500


def make_index(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in POSTGRES if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def drop_index(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in POSTGRES_BACK if schema_editor.connection.vendor == "postgresql" else SQLITE_BACK:
        schema_editor.execute(statement)


# As apps/library/search/search_index.py stood when this was written.

CJK = "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
WORD = re.compile(rf"[{CJK}]|[^\W_{CJK}]+")


def terms(*texts: str) -> str:
    plain = unicodedata.normalize("NFKD", " ".join(texts)).casefold()
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(sign))
    found = " ".join(dict.fromkeys(word[:60] for word in WORD.findall(plain)))
    return found if len(found) <= 200_000 else found[:200_000].rpartition(" ")[0]


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """What the takes that are there already are found by, in batches."""
    Clip = apps.get_model("library", "Clip")
    ClipWords = apps.get_model("library", "ClipWords")  # type: ignore[misc]  # its name at that time
    clips = Clip.objects.filter(found_by=None, erased_at=None).select_related("song").order_by("pk")
    clips = clips.only("team_id", "title", "lyrics", "song__name", "song__prompt", "song__params")
    rows = []
    for clip in clips.iterator(PER_WRITE):
        unsung = clip.lyrics.strip() == "[Instrumental]"
        sign = "§instrumental " if unsung or clip.song.params.get("instrumental") is True else ""
        words = terms(clip.song.name, clip.title, clip.song.prompt, "" if unsung else clip.lyrics)
        rows.append(ClipWords(clip=clip, terms=f"§{clip.team_id.hex} {sign}{words}".rstrip()))
        if len(rows) == PER_WRITE:
            ClipWords.objects.bulk_create(rows)
            rows = []
    ClipWords.objects.bulk_create(rows)


class Migration(migrations.Migration):
    dependencies = [("library", "0002_keeping")]

    operations = [
        migrations.RunPython(make_index, drop_index),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="clip",
            index=models.Index(fields=["duration_s"], name="clip_length"),
        ),
        migrations.AddIndex(
            model_name="song",
            index=models.Index(fields=["team", "operation", "-created_at", "-id"], name="song_of_kind"),
        ),
        migrations.AddIndex(
            model_name="song",
            index=models.Index(fields=["team", "asked_by", "-created_at", "-id"], name="song_by_person"),
        ),
    ]
