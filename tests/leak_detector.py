"""Sees everything that a run of the site leaves behind: log records, messages, rows, files, pages, error reports.

with Witness() as witness: …
assert witness.found(secret) == []
"""

import base64
import binascii
import gzip
import http.client
import json
import logging
import sys
import traceback
from collections import defaultdict
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import brotli
from celery import current_app
from django.conf import settings
from django.core import mail
from django.core.signals import got_request_exception
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.debug import ExceptionReporter
from redis import Redis

from flowweb.log_redaction import Line
from tests.upstream.scripted import ScriptedServer, reply

QUEUE = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]


class Witness(logging.Handler):
    """Texts by the place at which they were seen. Only one at a time."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.seen: defaultdict[str, list[str]] = defaultdict(list)
        self._line = next(
            each.formatter for each in logging.getLogger().handlers if type(each.formatter) is Line
        )
        self.redis = Redis.from_url(settings.REDIS_URL)
        self._levels: dict[logging.Logger, int] = {}
        self._sentry = ScriptedServer(reply(200, {}))

    def __enter__(self) -> Self:
        """Every logger at its loudest, no message of other tests."""
        self.redis.flushall()
        current_app.loader.import_default_modules()
        known = [logging.getLogger(name) for name in list(logging.root.manager.loggerDict)]
        for logger in (logging.getLogger(), *known):
            self._levels[logger] = logger.level
            logger.setLevel(logging.DEBUG)
            if logger is logging.root or not logger.propagate:
                logger.addHandler(self)
        self._debuglevel = http.client.HTTPConnection.debuglevel
        http.client.HTTPConnection.debuglevel = 1
        got_request_exception.connect(self._failed)
        self._sentry.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._sentry.__exit__()
        got_request_exception.disconnect(self._failed)
        http.client.HTTPConnection.debuglevel = self._debuglevel
        for logger, level in self._levels.items():
            logger.setLevel(level)
            logger.removeHandler(self)
        self.redis.flushall()
        self.redis.close()

    @property
    def dsn(self) -> str:
        """Of a Sentry that keeps what it is sent."""
        return f"http://key@127.0.0.1:{self._sentry.port}/1"

    # What is noted as it happens.

    def emit(self, record: logging.LogRecord) -> None:
        """As the loudest handler could write it, with all that hangs on the record; and as ours writes it."""
        self.seen["log"].append(f"{self.formatter_of_everything(record)}\n{vars(record)!r}")
        if self._line:
            self.seen["console"].append(self._line.format(record))

    @staticmethod
    def formatter_of_everything(record: logging.LogRecord) -> str:
        return logging.Formatter("%(name)s %(message)s").format(record)

    def _failed(self, request: HttpRequest | None = None, **_: object) -> None:
        _, error, trace = sys.exc_info()
        assert error is not None
        self.error(error, trace, request)

    def error(
        self, error: BaseException, trace: TracebackType | None, request: HttpRequest | None = None
    ) -> None:
        """As text, and as both forms of Django's own error report."""
        self.seen["errors"].append("".join(traceback.format_exception(error)))
        reporter = ExceptionReporter(request, type(error), error, trace)
        self.seen["errors"] += [reporter.get_traceback_text(), reporter.get_traceback_html()]

    def answered(self, response: HttpResponse) -> HttpResponse:
        """The address, all headers and cookies, and the body of an answer."""
        asked = getattr(response, "request", {})
        address = f"{asked.get('PATH_INFO')}?{asked.get('QUERY_STRING')}"
        body = response.getvalue().decode("latin-1")
        self.seen["pages"].append(
            "\n".join([address, str(response.serialize_headers()), str(response.cookies), body])
        )
        return response

    # Messages: read from Redis as they lie there, then run as a worker would.

    def work(self, most: int = 400) -> int:
        """Runs the waiting messages until none is left; the number of tasks run."""
        for done in range(most):
            raw = self.redis.lpop(f"{QUEUE}celery") or self.redis.lpop(f"{QUEUE}slow")
            if raw is None:
                return done
            self.seen["messages"].append(raw.decode())
            message = json.loads(raw)
            body = base64.b64decode(message["body"]).decode()
            self.seen["messages"].append(body)
            # Through Celery's own tracer, which logs what a task raises.
            current_app.tasks[message["headers"]["task"]].apply(args=json.loads(body)[0])
        raise AssertionError("the messages have no end")

    # What is there in the end.

    def look_around(self, *folders: Path) -> None:
        """Every table, the database's own file, all of Redis, letters, reports, files below folders."""
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
                self.seen["rows"].append(f"{table}: {cursor.fetchall()!r}")
        if connection.vendor == "sqlite":
            path = Path(connection.settings_dict["NAME"])
            self.seen["rows"] += [
                each.read_bytes().decode("latin-1") for each in path.parent.glob(f"{path.name}*")
            ]
        self.seen["redis"] += [f"{key!r}: {_value(self.redis, key)!r}" for key in self.redis.scan_iter()]
        self.seen["letters"] += [str(letter.message()) for letter in mail.outbox]
        self.seen["reports"] += [_unpacked(request) for request in self._sentry.requests]
        for folder in folders:
            self.seen["files"] += [
                f"{path}\n{path.read_bytes().decode('latin-1')}"
                for path in folder.rglob("*")
                if path.is_file()
            ]

    def found(self, *secrets: str) -> list[str]:
        """The places at which one of the secrets is, in any spelling."""
        needles = {spelling for secret in secrets for spelling in spellings(secret)}
        return sorted(
            place
            for place, texts in self.seen.items()
            if any(needle in text for text in texts for needle in needles)
        )


def spellings(secret: str) -> set[str]:
    """Plain, quoted for addresses, in hexadecimal, and in base64 wherever in a longer text it stands."""
    raw = secret.encode()
    coded = {base64.b64encode(bytes(lead) + raw).decode()[-(-lead * 8 // 6) : -4] for lead in range(3)}
    safe = {text.replace("+", "-").replace("/", "_") for text in coded}
    return {secret, quote(secret, safe=""), binascii.hexlify(raw).decode(), *coded, *safe}


def _value(redis: Redis, key: bytes) -> object:
    readers = {
        b"string": redis.get,
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"set": redis.smembers,
        b"hash": redis.hgetall,
        b"zset": lambda key: redis.zrange(key, 0, -1),
    }
    return readers[redis.type(key)](key)


def _unpacked(request: bytes) -> str:
    """An envelope as Sentry gets it: its body is compressed."""
    head, _, body = request.partition(b"\r\n\r\n")
    unpack = brotli.decompress if b"Content-Encoding: br" in head else gzip.decompress
    return head.decode() + unpack(body).decode()
