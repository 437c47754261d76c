"""A file of 40 MB, sent to the real processes as the page's script sends it: none of them holds it in memory."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests

from tests.browser.site import Site
from tests.library.sounds import WAV
from tests.local.processes import wait_for

MB = 1024 * 1024
EMAIL = "studio@sandbox.example"
UPLOAD = "/library/files/upload/"
ROOM = 20 * MB  # for what a first upload loads; half a file


class Person:
    def __init__(self, site: Site) -> None:
        self.site, self.session = site, requests.Session()
        link = site.add_person("mara@nightbus.example", team="Night Bus", name="Mara")
        self.post(link, {})
        password = {"password1": "last ferry home", "password2": "last ferry home"}
        self.post(f"{site.url}/auth/password/set/", password)

    def page(self, address: str) -> str:
        answer = self.session.get(address, timeout=30)
        answer.raise_for_status()
        return answer.text

    def post(self, address: str, data: object, **headers: str) -> None:
        self.page(address if not headers else f"{self.site.url}/library/files/")
        headers |= {"X-CSRFToken": self.session.cookies["csrftoken"], "Referer": address}
        self.session.post(address, data=data, headers=headers, timeout=60).raise_for_status()  # type: ignore[arg-type]

    def send(self, path: Path) -> None:
        form = urlencode({"email": EMAIL, "nonce": uuid.uuid4(), "name": path.name})
        plain = {"Content-Type": "application/octet-stream", "X-Fields": form}
        with path.open("rb") as file:
            self.post(f"{self.site.url}{UPLOAD}", file, **plain)

    def ready(self) -> int:
        return len(re.findall(r'data-state="ready"', self.page(f"{self.site.url}/library/files/")))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    site.start()
    yield site
    site.stop()


def write(path: Path, size: int, sound: bytes) -> Path:
    with path.open("wb") as file:
        file.write(WAV)
        for _ in range((size - len(WAV)) // 1000):
            file.write(sound * 500)
        file.write(bytes(size - file.tell()))
    return path


@pytest.mark.long
def test_no_process_holds_it_in_memory(site: Site, tmp_path: Path) -> None:
    mara = Person(site)
    for place in range(4):  # each process has loaded what it needs
        mara.send(write(tmp_path / f"small-{place}.wav", 100_000, bytes([place, 1])))
    assert wait_for(lambda: mara.ready() == 4)
    before = {pid: start_again(pid) for name in ("web", "worker", "slow") for pid in site.pids(name)}

    mara.send(write(tmp_path / "large.wav", 40 * MB, b"\7\1"))
    assert wait_for(lambda: mara.ready() == 5)
    grown = {pid: peak(pid) - was for pid, was in before.items()}
    assert len(grown) >= 4
    assert {pid: more // MB for pid, more in grown.items() if more > ROOM} == {}


def start_again(pid: int) -> int:
    """Its memory now, from which its peak begins anew (proc(5), clear_refs)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return peak(pid)


def peak(pid: int) -> int:
    """Bytes of it that were in memory at once."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024
