import base64
import stat
from pathlib import Path

import pytest

from flowweb.local import keys
from flowweb.local.errors import StartError


def test_made_once_and_kept(tmp_path: Path) -> None:
    first = keys.load(tmp_path)

    assert keys.load(tmp_path) == first
    assert len(first["SECRET_KEY"]) >= 50
    kid, _, key = first["FIELD_KEYS"].partition(":")
    assert (kid, len(base64.b64decode(key, validate=True))) == ("k1", 32)


def test_two_folders_have_different_secrets(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()

    one, two = keys.load(tmp_path / "one"), keys.load(tmp_path / "two")

    assert set(one.values()).isdisjoint(two.values())


def test_readable_by_its_owner_only_even_if_it_was_not(tmp_path: Path) -> None:
    keys.load(tmp_path)
    file = tmp_path / keys.FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)

    keys.load(tmp_path)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_is_missing_is_added_and_the_rest_stays(tmp_path: Path) -> None:
    (tmp_path / keys.FILE).write_text("# mine\nFIELD_KEYS=k9:kept\nSECRET_KEY=")

    found = keys.load(tmp_path)

    assert found["FIELD_KEYS"] == "k9:kept"
    assert len(found["SECRET_KEY"]) >= 50
    assert (tmp_path / keys.FILE).read_text().startswith("# mine\nFIELD_KEYS=k9:kept\n")
    assert keys.load(tmp_path) == found


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_file_that_cant_be_read_stops_the_start_and_is_left_alone(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / keys.FILE
    file.mkdir() if content is None else file.write_bytes(content)

    with pytest.raises(StartError, match=keys.FILE):
        keys.load(tmp_path)

    assert file.is_dir() if content is None else file.read_bytes() == content
