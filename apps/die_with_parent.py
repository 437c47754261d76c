"""A process that dies with its parent, however the parent dies."""

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1
# Loaded before any fork: a forked child should do as little as possible.
_prctl = getattr(ctypes.CDLL(None, use_errno=True), "prctl", None)


def die_with(parent: int) -> None:
    """Called in a freshly forked or started child: the kernel kills it when its parent ends, even by kill -9.

    KILL rather than TERM, because nobody is left who could insist if TERM is not followed. Every process of
    flowweb has to survive a kill -9 anyway. Does nothing where the kernel has no such call (not Linux).
    """
    if _prctl is None:
        return
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died between the fork and the call above
        os._exit(1)
