"""Many rows of a table, written at once and without an object for each: bulk_create takes longer than the remote side.

They go as one text of JSON: thousands of placeholders would take longer than the writing, and while the database reads
the text, Python reads the next page.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connections, router
from django.db.models import AutoField, Field, Model
from django.db.models.expressions import RawSQL

Row = Sequence[Any]

# By the database's name: the entries of a list, as rows of one column `value`.
LISTS = {"sqlite": "json_each(%s)", "postgresql": "jsonb_array_elements(%s::jsonb) AS one(value)"}
TEXTS = {"sqlite": LISTS["sqlite"], "postgresql": "jsonb_array_elements_text(%s::jsonb) AS one(value)"}


def insert(model: type[Model], same: Mapping[str, Any], names: Sequence[str], each: Sequence[Row]) -> None:
    """`same` is what all rows have in common, `each` has the values of the columns `names` (`team_id`), as a database
    takes them: a key or a time as text, no JSON. In the caller's transaction.

    Nothing is filled in but the fields' own defaults: every column that has another value in each row must be named.
    """
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
    chosen = [_entry(place, field, connection) for place, field in enumerate(differing)]
    quote = connection.ops.quote_name
    into = ", ".join(quote(str(field.column)) for field in (*differing, *others))
    values = ", ".join(chosen + ["%s"] * len(shared))
    sql = (
        f"INSERT INTO {quote(model._meta.db_table)} ({into}) SELECT {values} FROM {LISTS[connection.vendor]}"  # noqa: S608
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*shared, json.dumps(each, ensure_ascii=False)])


def among(model: type[Model], values: Sequence[str]) -> RawSQL:
    """`name__in=among(…)`: hundreds of texts as one parameter."""
    vendor = connections[router.db_for_read(model)].vendor
    return RawSQL(f"SELECT value FROM {TEXTS[vendor]}", [json.dumps(values)])  # noqa: S608, S611


def _entry(place: int, field: Field, connection: Any) -> str:
    """Of a row. Postgres takes it for text until it is told."""
    if connection.vendor == "sqlite":
        return f"json_extract(value, '$[{place}]')"
    kind = field.rel_db_type(connection) if field.is_relation else field.db_type(connection)
    return f"CAST(value ->> {place} AS {kind})"
