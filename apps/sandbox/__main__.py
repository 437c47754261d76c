"""python -m apps.sandbox --port 8001 --data var/sandbox [--speed 10] [--host 127.0.0.1]"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import threading
from pathlib import Path

from apps.sandbox.server import SPEED, Sandbox


def main() -> int:
    """Serves until SIGTERM or SIGINT. 0 if stopped that way, 1 with one line if the address is taken."""
    arguments = _arguments()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    listener = None if arguments.listener is None else socket.socket(fileno=arguments.listener)
    try:
        sandbox = Sandbox(
            arguments.data,
            arguments.port,
            speed=arguments.speed,
            host=arguments.host,
            listener=listener,
            start=os.environ.get("FLOWWEB_START", ""),
        )
    except OSError as problem:
        print(f"sandbox: cannot start on {arguments.host}:{arguments.port}: {problem}", file=sys.stderr)
        return 1
    sandbox.start()
    print(f"sandbox: ready on {sandbox.url}, {arguments.speed:g} times as fast as the real API", flush=True)
    ended.wait()
    sandbox.stop()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m apps.sandbox", description="The Flow Music API in miniature."
    )
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--listener", type=int, help="a socket that listens already, by its number, for --port"
    )
    parser.add_argument("--data", type=Path, required=True, help="folder for what has to outlive a restart")
    parser.add_argument("--speed", type=_speed, default=SPEED, help="1 is as slow as the real API")
    parser.add_argument("--host", default="127.0.0.1")
    return parser.parse_args()


def _speed(text: str) -> float:
    speed = float(text)
    if not 0 < speed < 1e6:
        raise argparse.ArgumentTypeError("must be above 0")
    return speed


if __name__ == "__main__":
    sys.exit(main())
