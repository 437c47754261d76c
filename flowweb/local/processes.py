"""The processes of one start, as commands."""

import sys
from pathlib import Path

from flowweb.local import ports, redis_server
from flowweb.local.child import Spec

# How the preparation hands over the one-time sign-in link.
SIGN_IN = "sign-in: "


def redis(socket: Path) -> Spec:
    return Spec("redis", redis_server.command(socket), layer=0, quiet=True)


def sandbox(port: int, data: Path, *, speed: int) -> Spec:
    options = ("--host", ports.HOST, "--port", str(port), "--data", str(data), "--speed", str(speed))
    return Spec("sandbox", _python("apps.sandbox", *options), layer=1)


def prepare() -> Spec:
    return Spec("prepare", _python("flowweb.local.prepare"), layer=2, once=True)


def site() -> tuple[Spec, ...]:
    """Web, both workers and beat, which remembers nothing: every entry is due every few seconds anyway."""
    celery = ("celery", "--quiet", "-A", "flowweb.checked")
    quietly = ("--loglevel", "WARNING", "--without-gossip", "--without-mingle")
    return (
        Spec("web", _python("gunicorn", "flowweb.wsgi", "-c", "python:flowweb.gunicorn"), layer=2),
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
