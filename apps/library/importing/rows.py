"""Many rows of a table, written at once and without an object for each: bulk_create takes longer than the remote side.

Nothing is filled in but the fields' own defaults: every column that has another value in each row must be named.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import AutoField, Field, Model

Row = Sequence[Any]
MOST_VALUES = 10_000  # of a statement, where the database sets no limit


def insert(model: type[Model], same: Mapping[str, Any], names: Sequence[str], each: Sequence[Row]) -> None:
    """`same` is what all rows have in common, `each` has the values of the columns `names` (`team_id`), as a database
    takes them: a key as text, no JSON. In the caller's transaction."""
    if not each:
        return
    connection = connections[router.db_for_write(model)]
    fields = {field.attname: field for field in model._meta.concrete_fields}
    others = [
        field for name, field in fields.items() if name not in names and not isinstance(field, AutoField)
    ]
    given = ((field, same.get(field.attname, field.get_default())) for field in others)
    shared = [field.get_db_prep_save(value, connection) for field, value in given]
    differing = [fields[name] for name in names]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in (*differing, *others))
    chosen = ", ".join([_column(number, field, connection) for number, field in enumerate(differing, 1)])
    constants = ", ".join(["%s"] * len(shared))
    # Many rows a statement: between two of them another thread may keep this one waiting.
    row, most = f"({', '.join(['%s'] * len(names))})", connection.features.max_query_params or MOST_VALUES
    at_once = max(1, (most - len(shared)) // len(names))
    with connection.cursor() as cursor:
        for first in range(0, len(each), at_once):
            some = each[first : first + at_once]
            values = f"(VALUES {', '.join([row] * len(some))}) AS one"
            sql = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) SELECT {chosen}"
            sql += f", {constants} FROM {values}" if shared else f" FROM {values}"
            cursor.execute(sql, [*shared, *chain.from_iterable(some)])


def _column(number: int, field: Field, connection: BaseDatabaseWrapper) -> str:
    """Of the values, as both databases call it. Postgres takes them for text until it is told."""
    name = f"column{number}"
    return (
        name
        if connection.vendor == "sqlite"
        else f"CAST({name} AS {field.rel_db_type(connection) if field.is_relation else field.db_type(connection)})"
    )
