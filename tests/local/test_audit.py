"""The look for known weaknesses says yes, no, or that it isn't told: never yes because nobody could be asked."""

from pathlib import Path

import pytest

from tests.run import audit, outcome

PINS = "nothing==1 \\\n    --hash=sha256:" + "0" * 64 + "\nother==2 \\\n    --hash=sha256:" + "1" * 64 + "\n"
WELL = {"name": "nothing", "version": "1", "vulns": []}
WEAK = {"name": "other", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"]}]}


@pytest.fixture
def pins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(audit, "ROOT", tmp_path)
    (tmp_path / "requirements.txt").write_text(PINS)
    return tmp_path / "requirements.txt"


def test_without_an_answer_it_is_said_and_fails_nothing(
    pins: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert audit.main(pins) == outcome.NOT_TOLD
    step = outcome.of_command(
        "known weaknesses", code=outcome.NOT_TOLD, seconds=1, said=capsys.readouterr().out
    )
    text, well = outcome.table([step], strict=True)
    assert well
    assert f"not checked here:\n  known weaknesses: {audit.UNHEARD}" in text
    assert step.word == "not run"


def test_a_weakness_is_named_with_the_version_that_mends_it(
    pins: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "_told", lambda text: [WELL, WEAK] if "other" in text else [WELL])
    assert audit.main(pins) == 1
    assert capsys.readouterr().out == "other 2: PYSEC-1, mended in 3\n"


def test_the_same_pins_are_asked_for_once_a_day(pins: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_told", lambda _: [WELL])
    assert audit.main(pins) == 0
    monkeypatch.setattr(audit, "_told", lambda _: pytest.fail("asked again"))
    assert audit.main(pins) == 0


def test_one_pin_is_asked_for_first(pins: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(audit, "_told", lambda text: asked.append(text) or [])
    assert audit.main(pins) == outcome.NOT_TOLD
    assert asked == [PINS[: PINS.index("other")]]
