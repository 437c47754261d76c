"""The browser of the browser tests: an installed Chromium, else Debian's by apt where that is possible.

The one without windows is taken first: it draws the same pages with half of the work.
"""

import os
import shutil
import subprocess
from pathlib import Path

SHELL = "chromium-headless-shell"
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


class NoChromium(Exception):
    """There is none, and none can be installed. Its text is one line with the reason."""


def find() -> str:
    """The path of an installed browser, "" if there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None) or ""


def find_or_install() -> str:
    """The path of a browser. Raises NoChromium."""
    if found := find():
        return found
    apt = shutil.which("apt-get")
    if not apt:
        raise NoChromium("no chromium here, and no apt-get to install it")
    install = [*_as_root(), "env", "DEBIAN_FRONTEND=noninteractive", apt, "-q"]
    print("installing Debian's chromium (once)", flush=True)
    _run([*install, "update"])
    try:
        _run([*install, "install", "-y", "--no-install-recommends", SHELL])
    except NoChromium:  # an older Debian has it with windows only
        _run([*install, "install", "-y", "--no-install-recommends", "chromium"])
    if not (found := find()):
        raise NoChromium("apt-get installed chromium, but no program of that name is on the PATH")
    return found


def _as_root() -> list[str]:
    """What to put before a command that needs root, if it can be had without a question."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    raise NoChromium("no chromium here, and installing it needs root: apt-get install chromium")


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise NoChromium(f"{Path(command[-1]).name}: apt-get failed: {lines[-1]}")
