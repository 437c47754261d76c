"""A pytest plugin that is loaded before Django's: sets the variables and starts a private Redis.

Both end with the process: the kernel kills the Redis even if pytest itself is killed.
"""

import atexit
import gc
import os
import shutil
import subprocess
import time
from functools import partial
from pathlib import Path

from apps.die_with_parent import die_with
from flowweb.local import redis_server
from tests import variables


def _start_redis(path: Path) -> subprocess.Popen[bytes]:
    server = subprocess.Popen(
        redis_server.command(path),
        stdout=subprocess.DEVNULL,
        preexec_fn=partial(die_with, os.getpid()),  # noqa: PLW1509
    )
    for _ in range(1500):
        if redis_server.responds(path):
            return server
        time.sleep(0.02)
    raise RuntimeError("the tests' private Redis does not answer")


def _leave() -> None:
    # A forked child of the tests inherits this function, but not what it would end.
    if os.getpid() == _pid:
        _redis.kill()
        _redis.wait()
        shutil.rmtree(_folder, ignore_errors=True)


gc.set_threshold(100_000, 50, 100)  # a process of tests is short, and most of what it makes is gone by itself
_pid = os.getpid()
_folder = variables.make_folder()
variables.use(_folder)
_redis = _start_redis(_folder / "redis.sock")
atexit.register(_leave)
