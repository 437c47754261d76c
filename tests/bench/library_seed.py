"""`python -m tests.bench.shelves TAKES`: a library of so many takes. For the name of a page on a line, it says the
milliseconds that the page took.

The database fills itself, row by row from a counter; a page is asked for through all of Django but the socket.
"""

# isort: off
import tests.environment  # noqa: F401 - the variables, before Django reads its settings
import importlib
import json
import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flowweb.settings")
django.setup()
# isort: on

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.test import Client, override_settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from apps.accounts.models import Membership, Role, Subscription, Team, User  # noqa: E402
from apps.library.models import Clip, ClipFile, ClipSearchText, Rating, Song  # noqa: E402
from apps.library.search import search_index  # noqa: E402
from apps.library.search.song_list import SONGS_PER_PAGE, Cursor  # noqa: E402

full_text = importlib.import_module("apps.library.migrations.0003_full_text")

HITS = 50
PAGE = 1_000
VOCABULARY, WORDS = 5_000, 60

LYRICS = "City lights are low and the ferry is late again\n" * 24
PEAKS = json.dumps([index % 256 for index in range(384)])
ON_POSTGRES = connection.vendor == "postgresql"


def main(takes: int) -> None:
    settings.STATIC_ROOT.mkdir(exist_ok=True)
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(
        STORAGES=settings.STORAGES | {"staticfiles": plain}, ALLOWED_HOSTS=["*"], SITE_HOSTS={"testserver"}
    ):
        call_command("migrate", verbosity=0)
        client = Client()
        client.force_login(fill(takes))
        pages = addresses()
        for name in sys.stdin:
            print(measure(client, pages[name.strip()]), flush=True)


def addresses() -> dict[str, str]:
    songs = Song.objects.order_by("-created_at", "-id").values_list("created_at", "pk")
    last_before = min(PAGE - 1, songs.count() // SONGS_PER_PAGE - 1) * SONGS_PER_PAGE - 1
    return {
        "first": "/library/",
        "far": f"/library/?before={Cursor(*songs[last_before])}",
        "search": "/library/?q=needle",
    }


def measure(client: Client, address: str) -> float:
    started = time.perf_counter()
    page = client.get(address).content.decode()
    took = (time.perf_counter() - started) * 1000
    assert page.count("data-song=") == SONGS_PER_PAGE, address
    assert "q=" not in address or f"{HITS} songs" in page
    return took


def fill(takes: int) -> User:
    team, user = Team.objects.create(name="Night Bus"), User.objects.create_user("mara@nightbus.example")
    Membership.objects.create(team=team, user=user, role=Role.OWNER)
    subscription = Subscription.objects.create(provider="flowmusic", endpoint="https://api.useapi.net/v1")
    ours = {"team": _id(team.pk), "created_at": _minutes_ago("n")}
    song, clip = "n / 2", "n"
    insert(
        Song,
        takes // 2,
        id=_key("song", "n"),
        asked_by=str(user.pk),
        prompt="'slow disco ' || n",
        operation="'music'",
        **ours,
    )
    insert(
        Clip,
        takes,
        id=_key("clip", clip),
        song=_key("song", song),
        take="n % 2",
        subscription=str(subscription.pk),
        clip_id="'clip ' || n",
        title=f"'Song ' || ({song})",
        lyrics=f"'{LYRICS}'",
        duration_s="120 + n % 90",
        peaks=f"'{PEAKS}'",
        rms=f"'{PEAKS}'",
        **ours,
    )
    for kind in ("m4a", "mp3", "thumb"):
        stored = {"kind": f"'{kind}'", "state": "'stored'", "wanted_since": ours["created_at"]}
        insert(ClipFile, takes, clip=_key("clip", clip), **stored)
    insert(Rating, takes // 10, clip=_key("clip", "n * 10"), user=str(user.pk), rating="n % 6")
    words = " || ".join(f"' w' || ((n * 7919 + {place} * 10007) % {VOCABULARY})" for place in range(WORDS))
    needle = f"CASE WHEN n % {takes // HITS} = 0 THEN ' needle' ELSE '' END"
    if ON_POSTGRES:
        execute("DROP INDEX library_clipwords_vector")  # made at once it takes seconds, row by row minutes
    insert(
        ClipSearchText,
        takes,
        clip=_key("clip", clip),
        terms=f"'§{team.pk.hex} ¹song ¹' || n || ' song ' || n || {needle} || {words}",
        way=str(search_index.WAY),
    )
    if ON_POSTGRES:
        execute(full_text.POSTGRES[-1])
        execute("ANALYZE")  # which it does by itself, a little later
    return user


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def insert(model: type[models.Model], count: int, **values: str) -> None:
    """Rows for n = 0, 1 …: `values` are SQL expressions, what isn't given is empty."""
    fields = [each for each in model._meta.concrete_fields if not isinstance(each, models.AutoField)]
    columns = ", ".join(connection.ops.quote_name(each.column) for each in fields)
    row = ", ".join(values.get(each.name) or _empty(each) for each in fields)
    counter = "WITH RECURSIVE counter(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counter WHERE n + 1 < %s)"
    with connection.cursor() as cursor:
        into = f"INSERT INTO {model._meta.db_table} ({columns})"
        cursor.execute(
            f"{counter} {into} SELECT {row} FROM counter".replace("%", "%%").replace("%%s", "%s"), [count]
        )


def _empty(field: models.Field) -> str:
    if field.null:
        return "NULL"
    match field:
        case models.BooleanField():
            return "false"
        case models.IntegerField():
            return "0"
        case models.JSONField():
            return "'{}'"
    return "''"


def _key(kind: str, number: str) -> str:
    """Ids that are as scattered as real ones."""
    digest = f"md5('{kind}' || ({number}))"
    return f"{digest}::uuid" if ON_POSTGRES else digest


def _id(key: object) -> str:
    return f"'{key}'" if ON_POSTGRES else f"'{str(key).replace('-', '')}'"


def _minutes_ago(number: str) -> str:
    now = f"{timezone.now():%Y-%m-%d %H:%M:%S}"
    if ON_POSTGRES:
        return f"timestamptz '{now}Z' - ({number}) * interval '1 minute'"
    return f"strftime('%Y-%m-%d %H:%M:%f', '{now}', '-' || ({number}) || ' minutes')"


if __name__ == "__main__":
    main(int(sys.argv[1]))
