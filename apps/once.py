"""What stays the same for the whole life of a process is worked out once."""

from collections.abc import Callable
from functools import lru_cache
from typing import ParamSpec, TypeVar

from django.core.signals import setting_changed

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


def once(work: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """For a function whose answer hangs on its arguments and on the settings alone. The arguments are few: what a
    template or the code says, never what comes with a request.

    Only tests change settings while a process runs, and Django tells when they do.
    """
    kept = lru_cache(maxsize=1024)(work)
    setting_changed.connect(lambda **_: kept.cache_clear(), weak=False)
    return kept  # type: ignore[return-value]  # a wrapper that is called as the function is
