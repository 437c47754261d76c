"""The two secrets of a studio on one machine: generated once, kept in `secrets.env`, for its owner's eyes."""

import base64
import os
import secrets
from pathlib import Path

from flowweb.local.errors import StartError

FILE = "secrets.env"


def load(folder: Path) -> dict[str, str]:
    """SECRET_KEY and FIELD_KEYS of this data folder, made on the first start.

    A file that is there is only added to: without its FIELD_KEYS no stored token could ever be read again.
    Raises StartError if it can't be read or written.
    """
    path = folder / FILE
    try:
        known = _read(path)
        missing = {name: make() for name, make in _MAKERS.items() if name not in known}
        if missing:
            _append(path, missing)
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"{path} can't be used: {error}") from None
    return known | missing


def _secret_key() -> str:
    return secrets.token_urlsafe(50)


def _field_keys() -> str:
    return "k1:" + base64.b64encode(secrets.token_bytes(32)).decode("ascii")


_MAKERS = {"SECRET_KEY": _secret_key, "FIELD_KEYS": _field_keys}


def _read(path: Path) -> dict[str, str]:
    """NAME=value lines of the file; {} if there is none."""
    if not path.exists():
        return {}
    path.chmod(0o600)
    pairs = (line.partition("=") for line in path.read_text("utf-8").splitlines())
    return {name.strip(): value.strip() for name, equals, value in pairs if equals and value.strip()}


def _append(path: Path, values: dict[str, str]) -> None:
    """On the disk before anything is encrypted with them."""
    lines = "".join(f"{name}={value}\n" for name, value in values.items())
    before = path.read_bytes() if path.exists() else b""
    glue = b"" if not before or before.endswith(b"\n") else b"\n"
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(before + glue + lines.encode("ascii"))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
