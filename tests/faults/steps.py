"""Every step at which a process may die: before a statement, around a COMMIT, around each use of a socket or file.

Installed in a forked child only, and never removed: the child ends anyway.
"""

import os
import re
import signal
import threading
from collections.abc import Callable
from typing import Any

from django.core.files.storage import FileSystemStorage
from django.db import connection

from apps.upstream.sockets import TimedSocket

Reach = Callable[[str], None]

CONNECT, SEND, SENT, RECEIVE, RECEIVED = (
    "before connect",
    "before send",
    "after send",
    "before receive",
    "after receive",
)
COMMIT, COMMITTED = "before COMMIT", "after COMMIT"


class Counter:
    """Numbers the steps from 1, tells each one, and does what is planned there."""

    def __init__(self, tell: Callable[[str], None], plan: "Plan") -> None:
        self._tell, self._plan = tell, plan
        self._count = 0
        self._lock = threading.Lock()

    def reach(self, name: str) -> None:
        with self._lock:
            self._count += 1
            self._tell(name)
            self._plan(self._count, name)


Plan = Callable[[int, str], None]


def nothing(_number: int, _name: str) -> None:
    """To the end, undisturbed."""


def die() -> None:
    """kill -9: no handler, no `finally`, no atexit."""
    os.kill(os.getpid(), signal.SIGKILL)


def at_step(number: int, action: Callable[[], None]) -> Plan:
    def plan(reached: int, _name: str) -> None:
        if reached == number:
            action()

    return plan


def die_at(number: int) -> Plan:
    return at_step(number, die)


def die_at_first(name: str, nth: int = 1) -> Plan:
    """At the nth step of that name."""
    return once(name, die, nth=nth)


def once(name: str, action: Callable[[], None], *, nth: int = 1) -> Plan:
    """The action at the nth step of that name."""
    left = [nth]

    def plan(_number: int, reached: str) -> None:
        if reached == name:
            left[0] -= 1
            if left[0] == 0:
                action()

    return plan


def behind(name: str, plan: Plan) -> Plan:
    """The plan, but only after the first step of that name."""
    passed = []

    def later(number: int, reached: str) -> None:
        if passed:
            plan(number, reached)
        elif reached == name:
            passed.append(number)

    return later


def install(reach: Reach) -> None:
    _count_statements(reach)
    _count_commits(reach)
    _count_socket(reach)
    _count_files(reach)


def _count_statements(reach: Reach) -> None:
    def counted(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        reach(f"before {_short(sql)}")
        return execute(sql, *arguments)

    connection.execute_wrappers.append(counted)


def _short(sql: str) -> str:
    """`UPDATE generation_job`, `SELECT accounts_flowaccount`, `BEGIN IMMEDIATE`."""
    verb = sql.split(maxsplit=1)[0]
    table = re.search(r'(?:FROM|INTO|UPDATE) "(\w+)"', sql)
    return f"{verb} {table[1]}" if table else sql[:30]


def _count_commits(reach: Reach) -> None:
    commit = connection._commit

    def counted() -> None:
        reach(COMMIT)
        commit()
        reach(COMMITTED)

    connection._commit = counted


def _count_socket(reach: Reach) -> None:
    _around(TimedSocket, "connect", reach, CONNECT, "after connect")
    _around(TimedSocket, "sendall", reach, SEND, SENT)
    _around(TimedSocket, "recv_into", reach, RECEIVE, RECEIVED)


def _count_files(reach: Reach) -> None:
    _around(FileSystemStorage, "save", reach, "before saving a file", "after saving a file")
    _around(FileSystemStorage, "delete", reach, "before deleting a file", "after deleting a file")


def _around(kind: type, name: str, reach: Reach, before: str, after: str) -> None:
    method = getattr(kind, name)

    def counted(self: Any, *arguments: Any, **named: Any) -> Any:
        reach(before)
        result = method(self, *arguments, **named)
        reach(after)
        return result

    setattr(kind, name, counted)
