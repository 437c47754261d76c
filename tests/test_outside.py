"""Every client of the outside has a time for connecting and one in all; a new one must find its place here."""

import ast
import smtplib
from pathlib import Path

import pytest
import redis
from allauth.socialaccount.adapter import get_adapter
from django.conf import settings
from django.core.cache import caches

from apps import cache, openid_client, smtp, socket_deadlines, wake
from apps import object_storage as store_module
from apps.generation.restore import marks
from apps.upstream import sockets
from apps.upstream.deadline import Deadline
from flowweb import database, store
from flowweb.celery import app
from tests.test_conventions import PRODUCT, ROOT

# What can open a connection, and the modules that may name it.
OPENERS = {
    "socket.socket": {
        "apps/socket_deadlines.py",
        "apps/upstream/sockets.py",
        "flowweb/local/ports.py",
        "flowweb/local/redis_server.py",
    },
    "socket.create_connection": {"flowweb/local/ports.py", "flowweb/local/redis_server.py"},
    "http.client.HTTPConnection": {"flowweb/local/__main__.py"},
    "smtplib": {"apps/smtp.py"},
    "boto3": set(),  # django-storages does, for apps/object_storage.py
    "botocore": {"apps/object_storage.py", "flowweb/store.py"},
    "redis": {
        "apps/cache.py",
        "apps/generation/restore/marks.py",
        "apps/accounts/ticks.py",
        "apps/wake.py",
        "flowweb/env.py",
        "apps/accounts/health.py",
    },
    "requests.Session": {"apps/openid_client.py"},
    "requests.adapters": {"apps/openid_client.py"},
    "urllib3.connection": {"apps/openid_client.py", "apps/upstream/sockets.py"},
    "psycopg": {"flowweb/database.py"},
    "urllib.request": set(),
    "ftplib": set(),
    "telnetlib": set(),
    "asyncio": set(),
    "httpx": set(),
    "aiohttp": set(),
}


def named_in(path: Path) -> set[str]:
    """What a module imports, and the dotted names that it calls."""
    tree = ast.parse(path.read_text())
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
        elif isinstance(node, ast.Attribute):
            names.add(ast.unparse(node))
    return names


def test_nobody_else_opens_connections() -> None:
    astray = {}
    for path in PRODUCT:
        name = path.relative_to(ROOT).as_posix()
        if name.startswith("apps/sandbox/"):
            continue  # a server, no part of what is hosted
        named = named_in(path)
        for opener, homes in OPENERS.items():
            uses = any(each == opener or each.startswith(f"{opener}.") for each in named)
            if uses and name not in homes and not (opener == "socket.socket" and _is_a_type_only(path)):
                astray.setdefault(name, []).append(opener)
    assert astray == {}


def _is_a_type_only(path: Path) -> bool:
    """`socket.socketpair` and annotations open nothing to the outside."""
    calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    return not any(ast.unparse(call.func) == "socket.socket" for call in calls)


def test_the_cache_has_its_times() -> None:
    pool = caches["default"]._cache._get_connection_pool(write=True)
    made = pool.make_connection()
    assert isinstance(made, tuple(cache.PACED.values()))
    assert 0 < made.socket_timeout <= socket_deadlines.TOTAL_S
    assert 0 < made.socket_connect_timeout <= socket_deadlines.TOTAL_S


@pytest.mark.parametrize("scheme", ["redis", "rediss", "unix"])
def test_each_kind_of_redis_connection_is_paced(scheme: str) -> None:
    made = cache.RedisPool.from_url(
        f"{scheme}://localhost/x" if scheme == "unix" else f"{scheme}://localhost"
    ).make_connection()
    assert isinstance(made, cache._PacedRedis)
    assert isinstance(made, redis.connection.AbstractConnection)


def test_who_wakes_a_task_has_its_times() -> None:
    options = wake._connection().transport_options
    assert options["socket_timeout"] <= socket_deadlines.TOTAL_S
    assert options["socket_connect_timeout"] <= socket_deadlines.TOTAL_S
    assert issubclass(wake.PacedChannel.connection_class, cache._PacedRedis)
    assert issubclass(wake.PacedChannel.connection_class_ssl, cache._PacedRedis)


def test_who_listens_to_the_broker_notices_when_it_is_gone() -> None:
    options = app.conf.broker_transport_options
    assert options["socket_connect_timeout"] <= socket_deadlines.TOTAL_S
    assert options["socket_timeout"] <= 30
    assert options["socket_keepalive"]


def test_the_store_has_its_times() -> None:
    options = store.storage("songs")
    assert options["BACKEND"] == "apps.object_storage.Store"
    config = options["OPTIONS"]["client_config"]
    assert config.connect_timeout <= socket_deadlines.CONNECT_S
    assert config.read_timeout <= socket_deadlines.PATIENT_S
    assert config.retries["total_max_attempts"] == store_module.ATTEMPTS
    with socket_deadlines.for_a_request():
        assert store_module._total_s() * store_module.ATTEMPTS < socket_deadlines.TOTAL_S
    assert store_module._total_s() == socket_deadlines.PATIENT_S
    for pool in (store_module.StoragePool, store_module.StorageTLSPool):
        assert issubclass(pool.ConnectionCls, store_module._PacedStorage)


def test_the_mail_server_has_its_times() -> None:
    for client in (smtp.Backend(use_ssl=True), smtp.Backend(use_tls=True), smtp.Backend()):
        assert issubclass(client.connection_class, smtp._PacedSMTP)
        assert issubclass(client.connection_class, smtplib.SMTP)
    assert smtp.SESSION_S <= 30


def test_who_vouches_for_people_has_its_times() -> None:
    session = get_adapter().get_requests_session()
    for scheme, kind in (
        ("http", openid_client.PacedConnection),
        ("https", openid_client.PacedTLSConnection),
    ):
        pools = session.get_adapter(f"{scheme}://sso.example").poolmanager.pool_classes_by_scheme
        assert pools[scheme].ConnectionCls is kind
    assert openid_client.TOTAL_S <= socket_deadlines.TOTAL_S


def test_postgres_has_its_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://u:p@127.0.0.1:5432/x")
    options = database.config("DATABASE_URL", None)["OPTIONS"]
    assert 0 < options["connect_timeout"] <= socket_deadlines.TOTAL_S
    assert options["keepalives"] == 1
    assert 0 < options["tcp_user_timeout"] <= 30_000, "a server that has gone without a word"


def test_http_has_its_times() -> None:
    wire = sockets.Wire(Deadline(10), stall_s=30)
    assert wire.patience() <= 10
    assert sockets.CONNECT_S <= socket_deadlines.CONNECT_S


def test_a_request_is_marked_as_somebody_waiting() -> None:
    assert "apps.accounts.service_errors.Outside" in settings.MIDDLEWARE
    assert not socket_deadlines.somebody_waits()
    with socket_deadlines.for_a_request():
        assert socket_deadlines.somebody_waits()


def test_the_marks_of_what_was_sent_have_their_times() -> None:
    made = marks._redis().connection_pool.make_connection()
    assert isinstance(made, cache._PacedRedis)
    assert made.socket_timeout == marks.REDIS_S
