"""Who vouches for people by OpenID Connect, asked on connections that end (flowweb/openid.py names them)."""

from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from apps import socket_deadlines

TOTAL_S = 5.0  # of one exchange; a sign-in takes three


class _Paced(socket_deadlines.Paced):
    def exchange_s(self) -> float:
        return TOTAL_S


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
