"""Who vouches for people by OpenID Connect, asked on connections that end (flowweb/openid.py names them)."""

from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from apps import socket_deadlines

TOTAL_S = 5.0  # of one exchange; a sign-in takes three


class _Paced:
    """Before a kind of connection: each exchange has its time, however slowly the answer drips."""

    sock: Any
    kept_pace: socket_deadlines.Pace | None = None

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self.kept_pace = socket_deadlines.Pace(TOTAL_S)
        self.sock = socket_deadlines.paced(self.sock, self.kept_pace)

    def request(self, *args: Any, **kwargs: Any) -> Any:
        if self.kept_pace:
            self.kept_pace.restart(TOTAL_S)
        return super().request(*args, **kwargs)  # type: ignore[misc]


class PacedConnection(_Paced, HTTPConnection):
    pass


class PacedTLSConnection(_Paced, HTTPSConnection):
    pass


class Pool(HTTPConnectionPool):
    ConnectionCls = PacedConnection


class TLSPool(HTTPSConnectionPool):
    ConnectionCls = PacedTLSConnection


POOLS = {"http": Pool, "https": TLSPool}


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = POOLS
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        return super().send(request, *args, **{**kwargs, "timeout": min(TOTAL_S, socket_deadlines.CONNECT_S)})


def session() -> requests.Session:
    """By the proxy, and with the certificates, that the environment names."""
    made = requests.Session()
    for scheme in ("http://", "https://"):
        made.mount(scheme, _Adapter())
    return made
