"""One sandbox: start it, ask it, stop it.

sandbox = Sandbox(Path("var/sandbox"), speed=100)
sandbox.start()
… requests to sandbox.url + "/v1/flowmusic" …
sandbox.charged("my reference"), sandbox.requests("GET", "/jobs")
sandbox.stop()
"""

from __future__ import annotations

import socket
import threading
from pathlib import Path

from apps.sandbox.handler import Handler
from apps.sandbox.media_files import MediaFiles
from apps.sandbox.sockets import Server
from apps.sandbox.state import SandboxState
from apps.sandbox.webhooks import Courier
from apps.sandbox.world import World

SPEED = 10.0


class Sandbox:
    """One sandbox with its own data folder: what is in there goes on after a restart.

    `speed` divides every duration: 1 is as slow as the real thing (40–150 s a song). Port 0 takes any free one;
    a `listener` that somebody has bound already is taken in its place, and `start` is what every answer echoes.
    """

    def __init__(
        self,
        data: Path,
        port: int = 0,
        *,
        speed: float = SPEED,
        host: str = "127.0.0.1",
        listener: socket.socket | None = None,
        start: str = "",
    ) -> None:
        if speed <= 0:
            raise ValueError("speed must be above 0")
        data.mkdir(parents=True, exist_ok=True)
        self.state = SandboxState(data / "sandbox.sqlite3")
        self.world = World(self.state, MediaFiles(data / "files"), speed)
        try:
            self._server = Server((host, port), Handler, self.world, listener=listener, start=start)
        except OSError:
            self.state.close()
            raise
        self._courier = Courier(self.world)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="sandbox", daemon=True
        )

    @property
    def url(self) -> str:
        """http://127.0.0.1:PORT; the API is below /v1/flowmusic."""
        return self._server.url

    def start(self) -> None:
        """Serves from threads; returns when requests are taken."""
        self._thread.start()
        self._courier.start()

    def stop(self) -> None:
        """Ends at once: waiting clients lose their connection, as they would if the machine went away."""
        self.world.close()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._courier.join()
        self._server.cut_connections()
        self._server.server_close()
        self.state.close()

    def reset(self) -> None:
        """As freshly made: for a test that shares a sandbox with others."""
        self.world.reset()

    def charged(self, reference: str) -> int:
        """Songs and edits charged for one `replyRef`."""
        return self.state.charged(reference)

    def charged_operations(self) -> dict[str, int]:
        """Charges by operation: "song", "cover" …, "stems", "lyrics" (a song that they fired), "image"."""
        return self.state.charged_operations()

    def requests(
        self, method: str | None = None, path: str | None = None, *, token: str | None = None
    ) -> dict[str, int]:
        """Calls received per "METHOD /route" (see State.requests)."""
        return self.state.requests(method, path, token=token)
