"""Finding takes by their words, best first, with the database's own full-text index.

Words are folded and parted by us (terms.py), before either database sees them, so that both find the same. Whoever has
all words of a query in the title is found first, then who has them in title and tags, then with the prompt, then
anywhere.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any, TypeVar

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Lookup, Q, prefetch_related_objects
from django.db.models.sql.compiler import SQLCompiler

from apps.accounts.models import Team
from apps.library.models import Clip, ClipSearchText
from apps.library.search.terms import INSTRUMENTAL, MARKS, Group, document, groups, signs, team_sign

MOST_NAMED = 1_000  # takes
WAY = 2  # of writing words down: rows of an earlier one are written anew (reindex.py)
PER_WRITE = 500

T = TypeVar("T")


def index(clips: Iterable[Clip]) -> None:
    """Writes what the takes are found by; called when a title, a song's name, a tag, lyrics or prompt has changed."""
    takes = list(clips)
    prefetch_related_objects(takes, "tags")
    ClipSearchText.objects.bulk_create(
        [ClipSearchText(clip=clip, terms=_document(clip), way=WAY) for clip in takes],
        batch_size=PER_WRITE,
        update_conflicts=True,
        unique_fields=["clip"],
        update_fields=["terms", "way"],
    )


def index_again(ids: Iterable[Any]) -> None:
    """The takes with these ids, as they are now; what is erased is found by nothing."""
    index(Clip.objects.filter(pk__in=list(ids), erased_at=None).select_related("song"))


@dataclass(frozen=True)
class Found:
    """A condition for `Clip` rows; `few`: it names the takes, which the index has given.

    `better`: the same for those among them whose words stand in a better place, the best ones first.
    """

    condition: Q
    few: bool
    ids: frozenset[Any] = frozenset()
    better: tuple["Found", ...] = ()

    @property
    def ranks(self) -> "list[tuple[int, Found]]":
        """The best first, with their numbers; each has all that the one before has. What brings nothing new is left
        out."""
        found, known = [], frozenset[Any]()
        for rank, each in enumerate((*self.better, self)):
            if not each.few or each.ids - known:
                found.append((rank, each))
            known = each.ids
        return found


def matching(team: Team, query: str) -> Q:
    """For `Clip` rows: takes of the team that have a word beginning with each word of the query.

    Nothing that a person types is an operator or an error. A query of signs alone looks at titles; one of nothing
    matches nothing.
    """
    return _find(team, groups(query) or signs(query)).condition


def find(team: Team, query: str) -> Found:
    if not (wanted := groups(query)):
        return _find(team, signs(query))
    found = _find(team, wanted)
    better = tuple(_better(team, wanted))
    return Found(found.condition, found.few, found.ids, better)


def _better(team: Team, wanted: list[Group]) -> Iterator[Found]:
    """Title; title and tags; title, tags and prompt. Mostly they are the same, or nothing, and asked for once."""
    all_three = _find(team, wanted, MARKS)
    if all_three.few and not all_three.ids:
        return iter([all_three] * len(MARKS))
    title = _find(team, wanted, MARKS[:1])
    same = all_three.few and title.ids == all_three.ids
    return iter([title, title if same else _find(team, wanted, MARKS[:2]), all_three])


def find_instrumentals(team: Team) -> Found:
    return _find(team, [[[INSTRUMENTAL]]])


def _document(clip: Clip) -> str:
    song = clip.song
    return document(
        clip.team_id,
        f"{song.name} {clip.title}",
        clip.shown_lyrics,
        tags=" ".join(tag.name for tag in clip.tags.all()),
        prompt=song.prompt,
        instrumental=clip.is_instrumental,
    )


def _find(team: Team, wanted: list[Group], marks: Sequence[str] = ("",)) -> Found:
    """One query. Where the index has too many takes to be named, the words are read row by row: whoever looks for them
    in an order soon has a page of them, while the index would have to give all of them first."""
    if not wanted:
        return Found(Q(pk__in=[]), few=True)
    asked = Wanted(
        team_sign(team.pk), [[_marked(way, marks) for way in group] for group in wanted], MOST_NAMED + 1
    )
    ids = list(ClipSearchText.objects.filter(terms__words=asked).values_list("clip", flat=True)[: asked.most])
    if len(ids) <= MOST_NAMED:
        return Found(Q(pk__in=ids), few=True, ids=frozenset(ids))
    reading = asked.written(lambda word: Q(found_by__terms__contains=f" {word}"), _all, _any)
    return Found(Q(found_by__terms__startswith=f"{asked.team} ") & reading, few=False)


def _marked(way: Iterable[str], marks: Sequence[str]) -> list[list[str]]:
    """Each word as it may stand, in the places that have these marks."""
    return [[f"{mark}{word}" for mark in marks] for word in way]


def _all(parts: Iterable[Q]) -> Q:
    return reduce(and_, parts)


def _any(parts: Iterable[Q]) -> Q:
    return reduce(or_, parts)


@dataclass(frozen=True)
class Wanted:
    """The team's sign as it stands. Of each group one way; of a way all words; of a word one of its forms, as a
    beginning. No more than `most` rows."""

    team: str
    groups: list[list[list[list[str]]]]
    most: int

    def written(
        self,
        word: Callable[[str], T],
        all_of: Callable[[Iterable[T]], T],
        any_of: Callable[[Iterable[T]], T],
    ) -> T:
        """In the language of a database."""
        return all_of(
            any_of(all_of(any_of(map(word, forms)) for forms in way) for way in group)
            for group in self.groups
        )


@ClipSearchText._meta.get_field("terms").register_lookup
class _Words(Lookup):
    """`terms__words=Wanted(…)`. The words are folded already, so no sign in them means anything to either database."""

    lookup_name = "words"
    prepare_rhs = False

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[str | int, ...]]:
        beginnings = self.rhs.written(lambda word: f'"{word}"*', _joined(" AND "), _joined(" OR "))
        table = "library_clipwords_index"
        rows = f"SELECT rowid FROM {table} WHERE {table} MATCH %s LIMIT %s"  # noqa: S608 - a constant
        query = f'"{self.rhs.team}" AND {beginnings}'
        return f"{self._table(compiler)}.id IN ({rows})", (query, self.rhs.most)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[str, ...]]:
        beginnings = self.rhs.written(lambda word: f"'{word}':*", _joined(" & "), _joined(" | "))
        return f"{self._table(compiler)}.vector @@ %s::tsquery", (f"'{self.rhs.team}' & {beginnings}",)

    def _table(self, compiler: SQLCompiler) -> str:
        return compiler.quote_name_unless_alias(self.lhs.alias)


def _joined(between: str) -> Callable[[Iterable[str]], str]:
    return lambda parts: f"({between.join(parts)})"
