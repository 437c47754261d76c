"""flowweb/local/venv.py in a copy of the project's outer shell, with nothing to download."""

import hashlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from flowweb.local.environment import ROOT

EMPTY = "# nothing is pinned here\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a space in its name, as people have them."""
    folder = tmp_path_factory.mktemp("my project")
    (folder / "flowweb" / "local").mkdir(parents=True)
    shutil.copy(ROOT / "flowweb" / "local" / "venv.py", folder / "flowweb" / "local")
    for name in ("requirements.txt", "requirements-dev.txt"):
        (folder / name).write_text(EMPTY)
    return folder


def setup(project: Path, python: str | Path = sys.executable) -> subprocess.CompletedProcess[str]:
    script = project / "flowweb" / "local" / "venv.py"
    return subprocess.run(
        [python, "-I", script, "requirements.txt"], capture_output=True, text=True, check=False, timeout=120
    )


def test_made_once_then_left_alone(project: Path) -> None:
    first = setup(project)
    assert first.returncode == 0, first.stderr
    assert "making .venv" in first.stdout
    assert "installing requirements.txt" in first.stdout

    again = setup(project, project / ".venv" / "bin" / "python")

    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_installed_again_only_when_the_pins_change(project: Path) -> None:
    setup(project)
    (project / "requirements.txt").touch()
    assert setup(project).stdout == ""

    (project / "requirements.txt").write_text(EMPTY + EMPTY)

    assert setup(project).stdout.startswith("installing requirements.txt")


@pytest.mark.long
def test_a_broken_venv_is_made_anew(project: Path) -> None:
    setup(project)
    python = project / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3.11")

    done = setup(project)

    assert done.returncode == 0, done.stderr
    assert "making .venv" in done.stdout
    assert subprocess.run([python, "-c", ""], check=False).returncode == 0


def test_only_what_fits_its_hash_is_installed_and_a_failure_is_tried_again(project: Path) -> None:
    wheel = _wheel(project)
    pin = f"nothing @ {wheel.as_uri()} --hash=sha256:"
    right = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (project / "requirements.txt").write_text(f"{pin}{'0' * 64}\n")

    for _ in range(2):
        done = setup(project)
        assert done.returncode == 2
        assert "HASHES" in done.stderr
        assert done.stderr.endswith("flowweb: requirements.txt could not be installed; pip says why above.\n")

    (project / "requirements.txt").write_text(f"{pin}{right}\n")
    assert setup(project).returncode == 0
    python = project / ".venv" / "bin" / "python"
    assert subprocess.run([python, "-c", "import nothing"], check=False).returncode == 0


def _wheel(folder: Path) -> Path:
    """The smallest package that pip installs."""
    path = folder / "nothing-1-py3-none-any.whl"
    files = {
        "nothing.py": "",
        "nothing-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: nothing\nVersion: 1\n",
        "nothing-1.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.writestr("nothing-1.dist-info/RECORD", "".join(f"{name},,\n" for name in files))
    return path


def test_a_python_without_ensurepip_says_what_to_install(project: Path) -> None:
    shutil.rmtree(project / ".venv", ignore_errors=True)
    code = (
        "import importlib.util, runpy, sys; find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name: None if name == 'ensurepip' else find(name)\n"
        "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    script = project / "flowweb" / "local" / "venv.py"
    base = sys._base_executable

    done = subprocess.run(
        [base, "-c", code, script, "requirements.txt"], capture_output=True, text=True, check=False
    )

    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert done.returncode == 2
    assert done.stderr == (
        f"flowweb: this Python can't make a venv. On Debian and Ubuntu: apt install python{version}-venv\n"
    )
