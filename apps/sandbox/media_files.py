"""Songs and covers as files: each is made when it is first wanted, once, however many ask at the same time."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

from apps.sandbox import clips, covers
from apps.sandbox.clips import SandboxClip
from apps.sandbox.recordings import RecordingStudio
from apps.sandbox.songs import encoding
from apps.sandbox.state import SandboxState

AT_ONCE = 2


class MediaFiles:
    """A folder of `<uuid>.<suffix>`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._locks: defaultdict[Path, threading.Lock] = defaultdict(threading.Lock)
        self._guard = threading.Lock()
        self._makers = threading.BoundedSemaphore(AT_ONCE)

    def audio(self, state: SandboxState, clip: SandboxClip, suffix: str) -> Path:
        """The clip in "wav", "m4a" or "mp3". What it was made from is made first."""
        studio = RecordingStudio(state, self.folder, self._finished)
        source = clips.get(state, clip.source) if clip.source else None
        if source and not self._finished(clip.uuid):
            if clip.part:
                self._split(studio, source)
            else:
                self.audio(state, source, "wav")
        wav = self._cached(clip.uuid, "wav", lambda path: encoding.write_wav(studio.record(clip), path))
        if suffix == "wav":
            return wav
        tags = {"title": clip.title or "", "comment": "made by the flowweb sandbox"}
        return self._cached(
            clip.uuid, suffix, lambda path: encoding.encode(encoding.read_wav(wav), path, suffix, tags)
        )

    def _finished(self, uuid: str) -> Path | None:
        path = self.folder / f"{uuid}.wav"
        return path if path.exists() else None

    def image(self, prompt: str, uuid: str) -> Path:
        """Artwork that follows a prompt, a JPEG."""
        return self._cached(uuid, "jpg", lambda path: covers.paint(prompt, uuid, path))

    def clear(self) -> None:
        """Removes what is finished; what is being made right now is nobody's any more, and stays unseen."""
        for path in self.folder.glob("[!.]*"):
            path.unlink(missing_ok=True)

    def _split(self, studio: RecordingStudio, source: SandboxClip) -> None:
        """Whoever wants one stem wants the others too, and they are played together."""
        with self._lock(self.folder / f"{source.uuid}.parts"), self._makers:
            missing = [
                stem for stem in clips.parts_of(studio.state, source.uuid) if not self._finished(stem.uuid)
            ]
            parts = studio.parts(source) if missing else {}
            for stem in missing:
                write = partial(encoding.write_wav, parts[stem.part or ""])
                self._make(self.folder / f"{stem.uuid}.wav", write)

    def _lock(self, path: Path) -> threading.Lock:
        with self._guard:
            return self._locks[path]

    def _cached(self, uuid: str, suffix: str, make: Callable[[Path], None]) -> Path:
        path = self.folder / f"{uuid}.{suffix}"
        if path.exists():
            return path
        with self._lock(path), self._makers:
            if not path.exists():
                self._make(path, make)
        return path

    def _make(self, path: Path, make: Callable[[Path], None]) -> None:
        """Under another name first: a killed sandbox leaves no half song behind."""
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=".making-")
        os.close(handle)
        try:
            make(Path(name))
            Path(name).replace(path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                Path(name).unlink()
