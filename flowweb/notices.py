"""What a start has to say in one line each, where the lines of the start are."""

import sys
from collections.abc import Iterable


def say(notices: Iterable[str]) -> None:
    """What a person should know although nothing stops the start."""
    for notice in notices:
        print(f"flowweb: {notice}", file=sys.stderr, flush=True)


def refuse(problem: object) -> int:
    """What stops it. Gives the exit code."""
    say([str(problem)])
    return 2


def first_line(error: Exception) -> str:
    """Drivers say more than fits in a line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
