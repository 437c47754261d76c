"""The door to whatever decodes bytes from outside: a process with limits, whose end is a verdict."""

import ast
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from random import Random
from tempfile import SpooledTemporaryFile, TemporaryFile
from typing import Any

import pytest
from django.core.files import File
from django.core.files.base import ContentFile

from apps.library.archiving import container_bounds, file_types, guard, repairs
from apps.library.archiving.errors import BadFile, NotExamined, NotStored
from apps.library.archiving.examiner import process
from apps.library.archiving.fetching import MOST_BYTES
from tests.library.files import long_wav, unfolding, without_bits
from tests.library.odd_files import PICTURES, SOUNDS, photo
from tests.library.sounds import sound
from tests.local.processes import wait_for

ROOT = Path(__file__).resolve().parents[3]
APPS = [path for path in (ROOT / "apps").rglob("*.py") if "sandbox" not in path.parts]
ROOM = "apps/library/archiving/"
# Who knows a decoder: reached through the examiner's process alone.
DECODERS = {f"{ROOM}{name}.py" for name in ("audio_tags", "cover_tones", "covers", "decoding", "pixels")}
EXAMINERS = {f"{ROOM}examiner/{name}.py" for name in ("images", "sounds")}
LIBRARIES = {"av", "PIL", "mutagen"}
HARMLESS = {"Tags"}  # a dataclass


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """Module and name of each."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((each.name, "") for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", each.name) for each in node.names)


def test_decoders_are_known_in_the_examiner_alone() -> None:
    known = {name(path) for path in APPS for module, _ in imports(path) if module.split(".")[0] in LIBRARIES}
    assert known == DECODERS | EXAMINERS


def test_nobody_else_calls_who_knows_a_decoder() -> None:
    modules = {each.removesuffix(".py").replace("/", ".") for each in DECODERS | EXAMINERS}
    callers = {
        name(path)
        for path in APPS
        for module, thing in imports(path)
        if (module in modules and thing not in HARMLESS) or f"{module}.{thing}" in modules
    }
    assert callers <= DECODERS | EXAMINERS


def test_the_examiner_knows_neither_django_nor_our_secrets() -> None:
    for room in (guard.IMAGES, guard.SOUNDS):
        code = f"import sys, apps.library.archiving.examiner.{room}; print('django' in sys.modules)"
        assert subprocess.check_output([sys.executable, "-c", code], cwd=ROOT) == b"False\n"
    assert not [each for each in guard.ENVIRONMENT if "KEY" in each or "URL" in each or "AWS" in each]


def test_what_takes_too_long_is_ended_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(guard.WITHIN_S, guard.IMAGES, 0.001)
    with pytest.raises(BadFile, match="This JPEG takes too long to read") as raised:
        guard.examine(BytesIO(photo()), file_types.JPEG)
    assert raised.value.cause == "ended after 0.001 s"
    assert not _children("examiner")


def _children(word: str) -> list[str]:
    said = subprocess.run(["ps", "-o", "args=", "--ppid", str(os.getpid())], capture_output=True, text=True)
    return [line for line in said.stdout.splitlines() if word in line]


def test_time_and_memory_are_limited() -> None:
    start = "from apps.library.archiving.examiner.process import limit; limit(1, 1000); "
    greedy = [sys.executable, "-c", start + "bytearray(2 << 30)"]
    assert b"MemoryError" in subprocess.run(greedy, cwd=ROOT, capture_output=True, check=False).stderr
    endless = subprocess.run([sys.executable, "-c", start + "\nwhile True: pass"], cwd=ROOT, check=False)
    assert -endless.returncode in {signal.SIGXCPU, signal.SIGALRM}


def test_a_small_file_fills_no_disk() -> None:
    """150 MB would come of it."""
    with TemporaryFile() as file, TemporaryFile() as made:
        assert file.write(unfolding()) < 300_000
        with pytest.raises(BadFile, match="This M4A can't be read"):
            guard.remux(file, made, file_types.M4A)
        assert os.fstat(made.fileno()).st_size <= guard.LARGEST_REMUXED


def test_songs_have_room_for_their_tags() -> None:
    assert max(MOST_BYTES.values()) == guard.LARGEST_SONG


def test_a_long_answer_is_a_verdict_and_not_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The picture is a good one; its answer is longer than this."""
    monkeypatch.setattr(guard, "LARGEST_ANSWER", 50)
    started = []
    start = guard._start

    def watched(*given: Any) -> subprocess.CompletedProcess[bytes]:
        started.append(start(*given))
        return started[-1]

    monkeypatch.setattr(guard, "_start", watched)
    with pytest.raises(BadFile, match="can't be read"):
        guard.examine(BytesIO(photo()), file_types.JPEG)
    assert [len(each.stdout) for each in started] == [51]


def test_it_dies_with_who_started_it(tmp_path: Path) -> None:
    """Its standard input stays open, so that it is not the end of that which ends it."""
    code = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-m', 'apps.library.archiving.examiner.images', "
        "str(os.getpid()), 'examine', '60', '1000'], start_new_session=True)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    reading, writing = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=reading, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        assert wait_for(lambda: _has_limits(child)), "it waits for its input now"
        parent.kill()
        assert wait_for(lambda: not Path(f"/proc/{child}").exists() or _is_dead(child))
    os.close(reading)
    os.close(writing)


def _has_limits(pid: int) -> bool:
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return any(line.startswith("Max core file size") and line.split()[4:6] == ["0", "0"] for line in lines)


def _is_dead(pid: int) -> bool:
    return b"State:\tZ" in Path(f"/proc/{pid}/status").read_bytes()


def test_whatever_happens_in_it_is_a_verdict() -> None:
    def breaks(file: object) -> None:
        raise AttributeError("bits per sample")

    answer = process.run(breaks, [BytesIO()], {})
    assert "AttributeError: bits per sample (test_guard.py:" in answer["broken"]
    ended = subprocess.CompletedProcess([], 0, stdout=str(answer).replace("'", '"').encode(), stderr=b"")
    with pytest.raises(BadFile, match="can't be read") as raised:
        guard._verdict(ended, guard.Unreadable("WAV"))
    assert "AttributeError" in raised.value.cause
    for code, stdout in ((-signal.SIGSEGV, b""), (1, b""), (0, b"nonsense"), (0, b"")):
        with pytest.raises(BadFile):
            guard._verdict(subprocess.CompletedProcess([], code, stdout, b""), guard.Unreadable("WAV"))


def test_that_it_was_killed_says_nothing_of_the_file() -> None:
    for number in (signal.SIGKILL, signal.SIGTERM):
        ended = subprocess.CompletedProcess([], -number, b"", b"")
        with pytest.raises(NotExamined):
            guard._verdict(ended, guard.Unreadable("WAV"))


def test_threads_use_it_side_by_side() -> None:
    seconds: list[float | None] = []

    def work() -> None:
        seconds.append(guard.examine(BytesIO(sound("mp3")), file_types.MP3).duration_s)

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seconds) == 5
    assert set(map(round, map(float, seconds))) == {3}


def test_files_of_a_store_and_in_memory_are_read_too() -> None:
    """As django-storages gives them: wrapped, in memory at first."""
    with SpooledTemporaryFile(max_size=1) as large, SpooledTemporaryFile(max_size=10**7) as small:
        for file in (large, small):
            file.write(sound("wav"))
            assert guard.examine(File(file), file_types.WAV).duration_s == 3.0
    assert guard.examine(ContentFile(sound("wav")), file_types.WAV).duration_s == 3.0


def test_a_wave_without_bits_is_a_verdict() -> None:
    with pytest.raises(BadFile):
        guard.examine(BytesIO(without_bits(long_wav(3))), file_types.WAV)


CASES = {name: make for name, (_, make, _) in SOUNDS.items()} | {
    name: make for name, (make, _) in PICTURES.items()
}


@pytest.mark.long
@pytest.mark.parametrize("name", CASES)
def test_mutations_get_a_verdict_whatever_they_are(name: str) -> None:
    """Many by whoever receives them, a few by the decoder."""
    whole, chance = CASES[name](), Random(name)
    for number in range(40):
        with TemporaryFile() as file, suppress(NotStored):  # words for a person, and nothing else
            content = _mutated(whole, chance)
            file.write(content)
            found = file_types.recognise(content[: file_types.HEAD])
            if number % 20:
                container_bounds.check_bounds(file, len(content), found)
                continue
            made = repairs.put_in_order(file, len(content), found)
            with made.file:
                guard.examine(made.file, made.type)


def _mutated(content: bytes, chance: Random) -> bytes:
    """Some bytes changed, a stretch left out, or doubled; most of it near the beginning, where lengths stand."""
    changed = bytearray(content)
    for _ in range(chance.choice((1, 3, 30))):
        reach = len(changed) if chance.random() < 0.4 else min(len(changed), 300)
        changed[chance.randrange(reach)] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    at, length = chance.randrange(len(changed)), chance.randrange(2000)
    match chance.randrange(4):
        case 0:
            del changed[at : at + length]
        case 1:
            changed[at:at] = changed[at : at + length]
    return bytes(changed)


def test_for_a_picture_ffmpeg_is_not_loaded() -> None:
    code = "import sys, apps.library.archiving.examiner.images; print('av' in sys.modules, 'mutagen' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], cwd=ROOT) == b"False False\n"
