"""The processes of one start, as commands."""

import sys
from pathlib import Path

from flowweb.local import redis_server
from flowweb.local.child import Spec

# How the preparation hands over the one-time sign-in link.
SIGN_IN = "sign-in: "


def redis(socket: Path) -> Spec:
    return Spec("redis", redis_server.command(socket), layer=0, quiet=True)


def sandbox(listener: int, data: Path, *, speed: int) -> Spec:
    """`listener`: the number of the socket that listens for it."""
    options = ("--listener", str(listener), "--data", str(data), "--speed", str(speed))
    return Spec("sandbox", _python("apps.sandbox", *options), layer=1, sockets=(listener,))


def prepare() -> Spec:
    return Spec("prepare", _python("flowweb.local.prepare"), layer=2, once=True)


def site(listener: int | None = None) -> tuple[Spec, ...]:
    """Web, both workers and beat, which remembers nothing: every entry is due every few seconds anyway.

    `listener`: the number of the socket that listens for web; without one web binds its own.
    """
    celery = ("celery", "--quiet", "-A", "flowweb.settings_check")
    quietly = ("--loglevel", "WARNING", "--without-gossip", "--without-mingle")
    web = _python("gunicorn", "flowweb.wsgi", "-c", "python:flowweb.gunicorn")
    if listener is not None:
        web += ("-b", f"fd://{listener}")
    return (
        Spec("web", web, layer=2, sockets=() if listener is None else (listener,)),
        Spec(
            "worker",
            _python(*celery, "worker", "-Q", "celery", "-n", "worker", *quietly),
            2,
        ),
        Spec(
            "slow",
            _python(*celery, "worker", "-Q", "slow", "-n", "slow", *quietly),
            2,
        ),
        Spec(
            "beat",
            _python(*celery, "beat", "-S", "celery.beat:Scheduler", "--pidfile", "", "--loglevel", "WARNING"),
            layer=2,
        ),
    )


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)
