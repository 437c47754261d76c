"""What lies in Redis is read as data; broker and cache share one database."""

import io
import pickle
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from redis import Redis

from flowweb.celery import app
from tests.faults import messages

RAN: list[str] = []


class Trap:
    """Unpickled, it runs code."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return RAN.append, ("ran",)


@pytest.fixture
def redis() -> Iterator[Redis]:
    messages.take()
    with Redis.from_url(settings.REDIS_URL) as client:
        yield client
    messages.take()


@pytest.mark.parametrize("value", [0, -7, True, None, 1.5, "ö", [1764451498.25, 2.0], {"a": [1, "b"]}])
def test_what_is_put_in_comes_out_again(value: object) -> None:
    cache.set("k", value, 60)
    found = cache.get("k", "nothing")
    assert (found, type(found)) == (value, type(value))


def test_whole_numbers_are_counted_by_redis_itself() -> None:
    cache.set("k", 1)
    assert (cache.incr("k"), cache.get("k")) == (2, 2)


@pytest.mark.parametrize("written", [pickle.dumps(Trap()), b"{", b""], ids=["pickle", "cut short", "nothing"])
def test_what_somebody_else_wrote_there_counts_as_not_there(redis: Redis, written: bytes) -> None:
    redis.set(cache.make_key("k"), written)
    assert cache.get("k", "nothing") == "nothing"
    assert RAN == []


def test_what_json_cannot_hold_is_not_taken() -> None:
    with pytest.raises(TypeError):
        cache.set("k", io.BytesIO())


@pytest.mark.django_db
def test_the_limits_of_sign_ins_survive_it() -> None:
    wrong = {"login": "mara@nightbus.example", "password": "not this one"}
    said = [Client().post("/auth/login/", wrong).content.decode() for _ in range(11)]
    assert "Too many wrong" not in said[0]
    assert "Too many wrong" in said[-1]


def test_clearing_the_cache_leaves_the_queue(redis: Redis) -> None:
    app.send_task("generation.tick")
    cache.set("k", 1)
    before = {key for key in redis.scan_iter() if not key.startswith(b"flowweb:cache")}
    assert before

    cache.clear()

    assert set(redis.scan_iter()) == before
    assert len(messages.take()) == 1


def test_every_key_says_whose_it_is(redis: Redis) -> None:
    app.send_task("generation.tick")
    cache.set("k", 1)
    kinds = {b":".join(key.split(b":")[:2]) for key in redis.scan_iter()}
    assert kinds == {b"flowweb:queue", b"flowweb:cache"}
