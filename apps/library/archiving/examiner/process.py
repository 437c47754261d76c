"""The process in which files from outside are decoded: started by guard.py for one file, ended with it.

It knows neither Django nor a secret. It has so much time, memory and disk, and dies with whoever started it. It answers
with one line of JSON on its standard output: `ok` with the result, `bad` with words for a person, `broken` with the
cause.
"""

import base64
import dataclasses
import fcntl
import json
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, BinaryIO

from apps.die_with_parent import die_with
from apps.library.archiving.errors import BadFile

# Of addresses: libraries take some 300 MB of it, 50 megapixels of a progressive JPEG another 300.
MEMORY = 1024 * 1024 * 1024
OPEN_FILES = 64

Operations = Mapping[str, Callable[..., Any]]


def serve(operations: Operations) -> None:
    """One operation, as the arguments and the standard input say."""
    parent, operation, seconds, largest_file, *handles = sys.argv[1:]
    die_with(int(parent))
    limit(int(seconds), int(largest_file))
    fields = json.loads(sys.stdin.buffer.read())
    files = [_open(int(handle)) for handle in handles]
    answer = run(operations[operation], files, fields)
    sys.stdout.write(json.dumps(answer, default=_plain))
    sys.stdout.flush()
    os._exit(0)  # nothing of a strange file is tidied up


def limit(seconds: int, largest_file: int) -> None:
    """`largest_file`: bytes. Who writes more gets an error, as from a disk that is full."""
    signal.alarm(seconds + 1)  # whoever started it ends it earlier, if that is still there to do so
    for what, most, at_last in (
        (resource.RLIMIT_CPU, seconds, seconds + 5),  # first a signal of its own, then KILL
        (resource.RLIMIT_AS, MEMORY, MEMORY),
        (resource.RLIMIT_FSIZE, largest_file, largest_file),
        (resource.RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        with suppress(ValueError, OSError):  # not every system knows each of them
            resource.setrlimit(what, (most, at_last))


def run(operation: Callable[..., Any], files: list[BinaryIO], fields: dict[str, Any]) -> dict[str, Any]:
    """Whatever happens in it is an answer."""
    try:
        found = operation(*files, **fields)
        for file in files:
            if file.writable():
                file.flush()
        return {"ok": found}
    except BadFile as error:
        return {"bad": error.words, "broken": _cause(error.__cause__)}
    except BaseException as error:
        return {"broken": _cause(error)}


def _cause(error: BaseException | None) -> str:
    if error is None:
        return ""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {str(error)[:200]}{where}"


def _open(handle: int) -> BinaryIO:
    is_read_only = fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY
    return os.fdopen(handle, "rb" if is_read_only else "r+b")


def _plain(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else dataclasses.asdict(value)
