"""The check of the wheels says yes, no, or that it can't know: never yes because nobody could be asked."""

from pathlib import Path

import pytest

from tests.run import outcome, wheels


@pytest.fixture
def pins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(wheels, "ROOT", tmp_path)
    return tmp_path / "requirements.txt"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package index in a folder, with one wheel for one processor."""
    folder = tmp_path / "index"
    folder.mkdir()
    (folder / "nothing-1-py3-none-manylinux_2_28_x86_64.whl").touch()
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    return folder


def test_a_wheel_that_is_missing_for_one_processor_is_named(
    pins: Path, index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pins.write_text("nothing==1\n")
    assert wheels.main(pins) == 1
    said = capsys.readouterr().out
    assert said.count("nothing") >= len(wheels.VERSIONS)
    assert "aarch64" in said
    assert "x86_64" not in said.replace("nothing-1-py3-none-manylinux_2_28_x86_64", "")


def test_without_an_index_it_is_said_that_nothing_was_checked(
    pins: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("UV_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_NO_CACHE", "1")
    monkeypatch.setenv("UV_CONFIG_FILE", "")
    pins.write_text("nothing==1\n")
    assert wheels.main(pins) == outcome.NOT_HERE
    said = capsys.readouterr().out
    text, well = outcome.table([outcome.of_command("wheels", code=75, seconds=1, said=said)], strict=False)
    assert well
    assert "wheels: not checked here: Python 3.11" in text
    assert not outcome.table([outcome.of_command("wheels", code=75, seconds=1, said=said)], strict=True)[1]


def test_the_same_pins_are_asked_for_once(pins: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    pins.write_text("# nothing is pinned\n")
    assert wheels.main(pins) == 0
    monkeypatch.setattr(wheels, "_ask", lambda *_: pytest.fail("asked again"))
    assert wheels.main(pins) == 0
