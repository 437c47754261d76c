"""A wrong setting is one line that says which and why; a right one is read as it was meant."""

from collections.abc import Callable

import pytest

from flowweb import env

KEY = "b25seS1mb3ItdGVzdHMtMzItYnl0ZXMtbG9uZy1rZXk="


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("redis://host:6379/0", "redis://host:6379"),
        ("rediss://:secret@host:6380/3?ssl_cert_reqs=none", "rediss://:secret@host:6380?ssl_cert_reqs=none"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock"),
    ],
)
def test_the_number_of_a_redis_database_is_left_out(
    monkeypatch: pytest.MonkeyPatch, given: str, read: str
) -> None:
    """Broker and cache have one each: clearing the cache must not empty the line."""
    monkeypatch.setenv("X", given)
    assert env.redis_url("X", "") == read


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
        (lambda: env.database("X", ""), "mysql://host/db", "postgres:// or sqlite://"),
        (lambda: env.database("X", ""), "nonsense", "X"),
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
    assert env.store_origins(bucket) == origins


def test_a_short_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X", "x" * 49)
    with pytest.raises(env.SettingError, match="at least 50"):
        env.secret("X", least=50)
