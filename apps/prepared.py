"""Queries whose SQL is written once for a process. For most of them Django takes several times as long to write it as
the database takes to answer, and a page has two dozen.

What stays Django's: the SQL itself, what rows become, converters and connections. Only the writing is done once.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from threading import local
from typing import Any, ParamSpec, TypeVar, cast
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models import Model, QuerySet
from django.db.models.sql.compiler import SQLCompiler

Given = ParamSpec("Given")
Row = TypeVar("Row")
Value = UUID | int | datetime | date | str

MOST = 40  # values; a query with more, as for a long list of ids, is written anew each time
_AS_STORED: dict[type, Any] = {
    UUID: models.UUIDField(),
    datetime: models.DateTimeField(),
    date: models.DateField(),  # after what is a date, too
    int: models.IntegerField(),
    str: models.TextField(),
}


def prepared(build: Callable[Given, QuerySet[Any, Row]]) -> Callable[Given, list[Row]]:
    """For a function that makes a query of ids, rows (of which it may use the id alone), times, days and texts, which
    go into it as they are: called, it gives the rows that the query finds now.

    Nothing else may decide what the query is, such as the time at which it is made; it is refused with a RuntimeError
    when it is first called. What is to be prefetched is, by share_out() or prefetch_related_objects, on what it gives.
    """
    kept: dict[tuple[type, ...], _Written | None] = {}

    def rows(*args: Given.args, **kwargs: Given.kwargs) -> list[Row]:
        if kwargs or len(args) > MOST:
            return list(build(*args, **kwargs))
        values = [_value(each) for each in args]
        kinds = tuple(each.__class__ for each in args)  # of the row itself, where it is a lazy one
        if kinds not in kept:
            kept[kinds] = _written(build, kinds, values)
        written = kept[kinds]
        return written.rows(values) if written else []

    return rows


def share_out(owners: Collection[Model], name: str, rows: Iterable[Any], *, by: str, of: str = "") -> None:
    """Gives each owner those of the rows that point at it by their foreign key `by`, in their order: from then on
    `owner.<name>.all()` is this list, as after prefetch_related(), and row.<by> is the owner. `of`: for many to many,
    the rows are those of the table between, and what they point at by `of` is given.
    """
    found: defaultdict[object, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, f"{by}_id")].append(row)
    for owner in owners:
        for row in found[owner.pk]:
            row._state.fields_cache[by] = owner
        given = [getattr(row, of) for row in found[owner.pk]] if of else found[owner.pk]
        owner.__dict__.setdefault("_prefetched_objects_cache", {})[name] = given


@dataclass(frozen=True)
class _Written:
    """`params` as they go to the database; `places` says which of them is which of the values."""

    queryset: Any
    compiler: SQLCompiler
    sql: str
    params: tuple[Any, ...]
    places: dict[int, int]
    kept: local = field(default_factory=local)

    def rows(self, values: list[Value]) -> list[Any]:
        compiler: Any = copy(self.compiler)  # a thread has a connection of its own
        compiler.connection = connections[DEFAULT_DB_ALIAS]
        stored = [_stored(value, compiler) for value in values]
        params = tuple(
            stored[self.places[at]] if at in self.places else each for at, each in enumerate(self.params)
        )
        compiler.as_sql = lambda *_, **__: (self.sql, params)
        compiler.get_converters = lambda columns: self._converters(compiler, columns)
        query = copy(self.queryset.query)
        query.get_compiler = lambda *_, **__: compiler
        found: Any = QuerySet(self.queryset.model, query, DEFAULT_DB_ALIAS)
        found._fields = self.queryset._fields
        return list(self.queryset._iterable_class(found))

    def _converters(self, compiler: SQLCompiler, columns: list[Any]) -> Any:
        """What makes values of what the driver gives: it hangs on the connection, which is a thread's own."""
        kept = self.kept.__dict__
        if kept.get("connection") is not compiler.connection:
            kept["converters"] = SQLCompiler.get_converters(compiler, columns)
            kept["connection"] = compiler.connection
        return kept["converters"]


def _written(
    build: Callable[..., QuerySet[Any, Any]], kinds: tuple[type, ...], values: list[Value]
) -> _Written | None:
    """Written twice, with values that stand for others: what differs are their places. None for what finds nothing
    whatever the values, such as rows by none of several ids.
    """
    tries = [[_stand_in(value, 2 * number + each) for number, value in enumerate(values)] for each in (0, 1)]
    querysets: list[Any] = [build(*map(_argument, kinds, each)) for each in tries]
    compilers = [each.query.get_compiler(DEFAULT_DB_ALIAS) for each in querysets]
    try:
        (sql, params), (other_sql, other_params) = (each.as_sql() for each in compilers)
    except EmptyResultSet:
        return None
    pairs = list(zip(params, other_params, strict=True))
    stored = [tuple(_stored(each, compilers[0]) for each in pair) for pair in zip(*tries, strict=True)]
    places = {at: stored.index(pair) for at, pair in enumerate(pairs) if pair in stored}
    is_same = all(at in places or _plain(one) == _plain(other) for at, (one, other) in enumerate(pairs))
    if sql != other_sql or not is_same or set(places.values()) != set(range(len(values))):
        raise RuntimeError(
            f"{build.__qualname__} can't be prepared: not only its values differ from call to call"
        )
    if querysets[0]._prefetch_related_lookups or querysets[0]._known_related_objects:
        raise RuntimeError(f"{build.__qualname__} can't be prepared: it brings rows of other queries")
    return _Written(querysets[0], compilers[0], sql, tuple(params), places)


def _value(given: object) -> Value:
    return cast(Value, given.pk if isinstance(given, Model) else given)


def _argument(kind: type, value: Value) -> object:
    return kind(pk=value) if issubclass(kind, Model) else value


def _stand_in(value: Value, number: int) -> Value:
    """Found nowhere else, and small enough for every column of numbers."""
    match value:
        case UUID():
            return UUID(f"{number:08x}-bbbb-4bbb-8bbb-bbbbbbbbbbbb")
        case datetime():
            return datetime(1907, 3, 1, tzinfo=UTC) + timedelta(days=number)
        case date():
            return date(1907, 3, 1) + timedelta(days=number)
        case str():
            return f"stands in place {number}"
        case int() if not isinstance(value, bool):
            return 2_000_000_011 + number
    raise TypeError(f"{type(value).__name__} is no id, row, time or text")


def _stored(value: Value, compiler: SQLCompiler) -> Any:
    """As the database's driver takes it."""
    kind = next(each for each in _AS_STORED if isinstance(value, each))
    return _AS_STORED[kind].get_db_prep_value(value, compiler.connection)


def _plain(param: Any) -> Any:
    """What is JSON goes to Postgres in a wrapper that equals nothing."""
    return getattr(param, "obj", param)
