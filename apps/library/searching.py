"""Finding takes by their words, with the database's own full-text index.

Words are folded here, before either database sees them, so that both find the same: its own folding does nothing more.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Lookup, Q
from django.db.models.sql.compiler import SQLCompiler

from apps.accounts.models import Team
from apps.library.models import Clip, ClipWords

LONGEST_WORD = 60
LONGEST_TERMS = 200_000  # characters; a tsvector takes a megabyte
MOST_WORDS = 20  # of a query
PER_WRITE = 500

# Scripts that write no space between words: each of their signs is a word of its own.
_CJK = "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+")


def terms(*texts: str) -> str:
    """The different words of the texts, folded, in order, with one space between them.

    Folded: compatible forms made one, without accents, without case. Nothing but letters and figures is left.
    """
    plain = unicodedata.normalize("NFKD", " ".join(texts)).casefold()
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(sign))
    words = dict.fromkeys(word[:LONGEST_WORD] for word in _WORD.findall(plain))
    found = " ".join(words)
    return found if len(found) <= LONGEST_TERMS else found[:LONGEST_TERMS].rpartition(" ")[0]


def index(clips: Iterable[Clip]) -> None:
    """Writes what the takes are found by; called when a title, a song's name, lyrics or prompt has changed."""
    rows = [ClipWords(clip=clip, terms=_document(clip)) for clip in clips]
    ClipWords.objects.bulk_create(
        rows,
        batch_size=PER_WRITE,
        update_conflicts=True,
        unique_fields=["clip"],
        update_fields=["terms"],
    )


def matching(team: Team, query: str) -> Q:
    """For `Clip` rows: takes of the team that have a word beginning with each word of the query.

    Nothing that a person types is an operator or an error; a query without a word matches nothing.
    """
    words = terms(query).split()[:MOST_WORDS]
    if not words:
        return Q(pk__in=[])
    return Q(pk__in=ClipWords.objects.filter(terms__words=[_sign_of(team.pk), *words]).values("clip"))


def _document(clip: Clip) -> str:
    song = clip.song
    return f"{_sign_of(clip.team_id)} {terms(song.name, clip.title, song.prompt, clip.words)}".rstrip()


def _sign_of(team_id: Any) -> str:
    """A word that every take of the team has and nobody can type: one team's songs don't slow down another's search."""
    return f"§{team_id.hex}"


@ClipWords._meta.get_field("terms").register_lookup
class _Words(Lookup):
    """`terms__words=[whole, beginning, …]`: the first word as it stands, the others as beginnings.

    They are folded already, so no sign in them means anything to either database.
    """

    lookup_name = "words"
    prepare_rhs = False

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[str, ...]]:
        whole, *beginnings = self.rhs
        query = " ".join([f'"{whole}"', *(f'"{word}"*' for word in beginnings)])
        table = "library_clipwords_index"
        rows = f"SELECT rowid FROM {table} WHERE {table} MATCH %s"  # noqa: S608 - a constant
        return f"{self._table(compiler)}.id IN ({rows})", (query,)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[str, ...]]:
        whole, *beginnings = self.rhs
        query = " & ".join([f"'{whole}'", *(f"'{word}':*" for word in beginnings)])
        return f"{self._table(compiler)}.vector @@ %s::tsquery", (query,)

    def _table(self, compiler: SQLCompiler) -> str:
        return compiler.quote_name_unless_alias(self.lhs.alias)
