"""Finding takes by their words, with the database's own full-text index.

Words are folded here, before either database sees them, so that both find the same: its own folding does nothing more.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Lookup, Q
from django.db.models.sql.compiler import SQLCompiler

from apps.accounts.models import Team
from apps.library.models import Clip, ClipWords

LONGEST_WORD = 60
LONGEST_TERMS = 200_000  # characters; a tsvector takes a megabyte
MOST_WORDS = 20  # of a query
MOST_NAMED = 1_000  # takes
INSTRUMENTAL = "§instrumental"  # a word of instrumental takes that nobody can type
PER_WRITE = 500

# Scripts that write no space between words: each of their signs is a word of its own.
_CJK = "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+")
_shortened = itemgetter(slice(LONGEST_WORD))


def terms(*texts: str) -> str:
    """The different words of the texts, folded, in order, with one space between them.

    Folded: compatible forms made one, without accents, without case. Nothing but letters and figures is left.
    """
    plain = " ".join(texts).casefold()
    if not plain.isascii():
        plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", " ".join(texts)).casefold())
        plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    found = " ".join(dict.fromkeys(map(_shortened, _WORD.findall(plain))))
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


@dataclass(frozen=True)
class Found:
    """A condition for `Clip` rows; `few`: it names the takes, which the index has given."""

    condition: Q
    few: bool


def matching(team: Team, query: str) -> Q:
    """For `Clip` rows: takes of the team that have a word beginning with each word of the query.

    Nothing that a person types is an operator or an error; a query without a word matches nothing.
    """
    return find(team, query).condition


def find(team: Team, query: str) -> Found:
    words = terms(query).split()[:MOST_WORDS]
    return _find(team, words) if words else Found(Q(pk__in=[]), few=True)


def find_instrumentals(team: Team) -> Found:
    return _find(team, [INSTRUMENTAL])


def _find(team: Team, words: list[str]) -> Found:
    """One query. Where the index has too many takes to be named, the words are read row by row: whoever looks for them
    in an order soon has a page of them, while the index would have to give all of them first."""
    wanted = [_sign_of(team.pk), *words]
    rows = ClipWords.objects.filter(terms__words=Wanted(wanted, MOST_NAMED + 1))
    ids = list(rows.values_list("clip", flat=True)[: MOST_NAMED + 1])
    if len(ids) <= MOST_NAMED:
        return Found(Q(pk__in=ids), few=True)
    reading = Q(found_by__terms__startswith=f"{wanted[0]} ")
    for word in words:
        reading &= Q(found_by__terms__contains=f" {word}")
    return Found(reading, few=False)


def _document(clip: Clip) -> str:
    song = clip.song
    return document(
        clip.team_id, song.name, clip.title, song.prompt, clip.words, instrumental=clip.is_instrumental
    )


def document(team_id: Any, *texts: str, instrumental: bool) -> str:
    """What a take with these texts is found by."""
    signs = [_sign_of(team_id), *([INSTRUMENTAL] if instrumental else [])]
    return " ".join([*signs, terms(*texts)]).rstrip()


def _sign_of(team_id: Any) -> str:
    """A word that every take of the team has and nobody can type: one team's songs don't slow down another's search."""
    return f"§{team_id.hex}"


@dataclass(frozen=True)
class Wanted:
    """The first word as it stands, the others as beginnings; no more than `most` rows."""

    words: list[str]
    most: int


@ClipWords._meta.get_field("terms").register_lookup
class _Words(Lookup):
    """`terms__words=Wanted(…)`. The words are folded already, so no sign in them means anything to either database."""

    lookup_name = "words"
    prepare_rhs = False

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[str | int, ...]]:
        whole, *beginnings = self.rhs.words
        query = " ".join([f'"{whole}"', *(f'"{word}"*' for word in beginnings)])
        table = "library_clipwords_index"
        rows = f"SELECT rowid FROM {table} WHERE {table} MATCH %s LIMIT %s"  # noqa: S608 - a constant
        return f"{self._table(compiler)}.id IN ({rows})", (query, self.rhs.most)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[str, ...]]:
        whole, *beginnings = self.rhs.words
        query = " & ".join([f"'{whole}'", *(f"'{word}':*" for word in beginnings)])
        return f"{self._table(compiler)}.vector @@ %s::tsquery", (query,)

    def _table(self, compiler: SQLCompiler) -> str:
        return compiler.quote_name_unless_alias(self.lhs.alias)
