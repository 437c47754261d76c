"""The S3-compatible store, on connections that end: ten seconds for what a request waits for.

A store that has just not answered is left alone for a moment by those who would keep somebody waiting, so that one that
hangs does not hold the threads of the web one after the other.
"""

import time
from typing import Any

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)
from storages.backends.s3 import S3Storage

from apps import socket_deadlines

ATTEMPTS = 2  # (flowweb/store.py)
LEFT_ALONE_S = 5.0
_away_until = 0.0  # of the process, monotonic


class _PacedStorage(socket_deadlines.Paced):
    """A store that doesn't answer is left alone."""

    def exchange_s(self) -> float:
        return _total_s()

    def connect(self) -> None:
        if socket_deadlines.somebody_waits() and time.monotonic() < _away_until:
            raise TimeoutError("it has just not answered")
        try:
            super().connect()
        except OSError:
            _left_alone()
            raise

    def getresponse(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().getresponse(*args, **kwargs)  # type: ignore[misc]
        except TimeoutError:
            _left_alone()
            raise


class PacedStorageConnection(_PacedStorage, AWSHTTPConnection):
    pass


class PacedStorageTLSConnection(_PacedStorage, AWSHTTPSConnection):
    pass


class StoragePool(AWSHTTPConnectionPool):
    ConnectionCls = PacedStorageConnection


class StorageTLSPool(AWSHTTPSConnectionPool):
    ConnectionCls = PacedStorageTLSConnection


class Store(S3Storage):
    """The one of django-storages; only how its connections are opened is ours."""

    @property
    def connection(self) -> Any:
        made = super().connection
        pools = made.meta.client._endpoint.http_session._pool_classes_by_scheme
        pools.update({"http": StoragePool, "https": StorageTLSPool})
        return made


def _total_s() -> float:
    return (
        (socket_deadlines.TOTAL_S - 1) / ATTEMPTS
        if socket_deadlines.somebody_waits()
        else socket_deadlines.PATIENT_S
    )


def _left_alone() -> None:
    global _away_until
    _away_until = time.monotonic() + LEFT_ALONE_S
