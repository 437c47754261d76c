"""Writes counts: a figure and its noun agree, also for one."""


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 credit`, `1,500 credits`; `plural` where an s is not enough."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
