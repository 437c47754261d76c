"""A wrong setting is one line that says which and why; a right one is read as it was meant."""

from collections.abc import Callable

import pytest

from flowweb import database, env, store

KEY = "b25seS1mb3ItdGVzdHMtMzItYnl0ZXMtbG9uZy1rZXk="


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("https://Music.Example.com", "https://music.example.com"),
        ("https://music.example.com:443/", "https://music.example.com"),
        ("https://music.example.com.", "https://music.example.com"),
        ("http://studio:80", "http://studio"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("https://[::1]:8443", "https://[::1]:8443"),
        ("https://müsik.example", "https://xn--msik-0ra.example"),
    ],
)
def test_the_sites_address_is_read_as_browsers_spell_it(
    monkeypatch: pytest.MonkeyPatch, given: str, read: str
) -> None:
    """The Host header is compared with it letter by letter."""
    monkeypatch.setenv("X", given)
    assert env.site("X") == read


@pytest.mark.parametrize(
    ("address", "is_open"),
    [
        ("redis://redis.example.com:6379", True),
        ("rediss://user@redis.example.com:6379/1", True),
        ("redis://:secret@redis.example.com", False),
        ("redis://127.0.0.1:6379", False),
        ("redis://[::1]:6379", False),
        ("redis://localhost", False),
        ("unix:///run/redis.sock", False),
    ],
)
def test_a_redis_on_another_host_should_ask_for_a_password(address: str, is_open: bool) -> None:
    assert env.is_open_redis(address) is is_open


@pytest.mark.parametrize(
    ("query", "cursors", "options"),
    [
        ("", True, {}),
        ("?pgbouncer=true", False, {"prepare_threshold": None}),
        ("?pgbouncer=false", True, {}),
        ("?sslmode=require&application_name=x", True, {"sslmode": "require", "application_name": "x"}),
        (
            "?sslmode=verify-full&sslrootcert=system",
            True,
            {"sslmode": "verify-full", "sslrootcert": "system"},
        ),
        ("?connect_timeout=3", True, {"connect_timeout": 3}),
        ("?currentSchema=music", True, {"options": "-c search_path=music"}),
    ],
)
def test_what_the_driver_knows_of_a_database_address_is_used(
    monkeypatch: pytest.MonkeyPatch, query: str, cursors: bool, options: dict[str, object]
) -> None:
    monkeypatch.setenv("X", f"postgres://mara:pw@db.example.com/songs{query}")
    config = database.config("X", None)
    assert config["DISABLE_SERVER_SIDE_CURSORS"] is not cursors
    assert config["OPTIONS"] == {"connect_timeout": database.CONNECT_TIMEOUT} | database.GONE | options


@pytest.mark.parametrize(
    ("read", "value", "says"),
    [
        (lambda: env.text("X"), "", "X is not set"),
        (lambda: env.flag("X"), "maybe", "must be on or off"),
        (lambda: env.integer("X", 1, least=1, most=9), "ten", "whole number from 1 to 9"),
        (lambda: env.integer("X", 1, least=1, most=9), "10", "whole number from 1 to 9"),
        (lambda: env.url("X"), "music.example.com", "full address"),
        (lambda: env.url("X"), "https://user:pw@host", "full address"),
        (lambda: env.url("X"), "https://host:99999", "can't be read"),
        (lambda: env.redis_url("X", ""), "http://host", "must start with redis://"),
        (lambda: database.config("X", ""), "mysql://host/db", "postgres:// or sqlite://"),
        (lambda: database.config("X", ""), "nonsense", "X"),
        (lambda: database.config("X", ""), "sqlite:///x?mode=ro", "none are known for SQLite"),
        *(
            (lambda: database.config("X", ""), f"postgres://mara:pw@db.example.com/{end}", says)
            for end, says in {
                "": "the name of a database",
                "n" * 64: "the name of a database",
                "songs?pgbouncer=perhaps": "pgbouncer must be true or false",
                "songs?schema=public&pool=5": "unknown options pool, schema",
                "songs?sslmode=strict": "sslmode",
                "songs?sslmode=": "sslmode",
                "songs?sslmode=require&sslmode=disable": "more than once",
                "songs?sslmode=verify-full": "needs a root certificate",
                "songs?sslmode=verify-ca": "needs a root certificate",
                "songs?sslmode=verify-full&sslrootcert=/nowhere/root.crt": "sslrootcert names a file",
                "songs?connect_timeout=soon": "connect_timeout must be a whole number",
                "songs?target_session_attrs=best": "target_session_attrs",
            }.items()
        ),
        (lambda: env.site("X"), "https://music.example.com/studio", "must not have a path (/studio)"),
        (lambda: env.site("X"), "https://mu sic.example.com", "full address"),
        (lambda: env.redis_url("X", ""), "redis:///0", "must name a host"),
        (lambda: env.redis_url("X", ""), "unix://", "must name a socket"),
        (lambda: env.redis_url("X", ""), "redis://host/songs", "number of a database"),
        (lambda: env.redis_url("X", ""), "redis://host?retry=often&speed=9", "option behind the ?"),
        (lambda: env.sender("X", ""), "the studio", "must be an address"),
        (lambda: env.field_keys("X"), "k1:short", "32 bytes"),
        (lambda: env.field_keys("X"), f"k1:{KEY},k1:{KEY}", "each kid once"),
        (lambda: env.field_keys("X"), "", "X is not set"),
        (lambda: env.email("X", ""), "pigeon://loft", "X must be like"),
    ],
)
def test_a_wrong_value_is_one_line(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[], object], value: str, says: str
) -> None:
    monkeypatch.setenv("X", value)
    with pytest.raises(env.SettingError) as refused:
        read()
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "pw" not in str(refused.value)


@pytest.mark.parametrize(
    ("bucket", "endpoint", "region", "origins"),
    [
        ("", "https://s3.example.com", "", []),
        ("songs", "https://s3.example.com/x", "eu-1", ["https://s3.example.com"]),
        ("songs", "", "", ["https://songs.s3.amazonaws.com"]),
        ("songs", "", "eu-1", ["https://songs.s3.amazonaws.com", "https://songs.s3.eu-1.amazonaws.com"]),
    ],
)
def test_media_may_come_from_where_the_store_links_to(
    monkeypatch: pytest.MonkeyPatch, bucket: str, endpoint: str, region: str, origins: list[str]
) -> None:
    monkeypatch.setenv("AWS_S3_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_S3_REGION_NAME", region)
    assert store.origins(bucket) == origins


def test_a_short_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X", "x" * 49)
    with pytest.raises(env.SettingError, match="at least 50"):
        env.secret("X", least=50)
