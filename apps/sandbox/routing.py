"""Which operation a method and a path mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from apps.sandbox.operations import (
    accounts,
    clips,
    control,
    edit,
    files,
    guide,
    images,
    jobs,
    lyrics,
    media,
    music,
    seed_data,
)
from apps.sandbox.responses import SandboxResponse
from apps.sandbox.world import SandboxRequest, World

Operation = Callable[[World, SandboxRequest], SandboxResponse]
FLOWMUSIC = "/v1/flowmusic"


@dataclass(frozen=True)
class Route:
    """`path` is as the log shows it; `name` is what scenarios are ordered for, "" for what isn't the API's.

    `own` operations let scenarios have their way when they know the account; `raw` ones get the body as a file.
    """

    method: str
    path: str
    operation: Operation
    name: str = ""
    prefix: str = ""
    open: bool = False
    own: bool = False
    raw: bool = False

    @property
    def label(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parts(self) -> list[str]:
        return (self.prefix + self.path).split("/")

    def match(self, parts: list[str]) -> tuple[str, ...] | None:
        """The variable parts of a path, decoded once; None if it isn't this route's."""
        own = self.parts
        if len(own) != len(parts):
            return None
        pairs = list(zip(own, parts, strict=True))
        if any(mine != theirs for mine, theirs in pairs if not mine.startswith("{")):
            return None
        return tuple(unquote(theirs) for mine, theirs in pairs if mine.startswith("{"))


def _api(
    method: str, path: str, operation: Operation, name: str, *, own: bool = False, raw: bool = False
) -> Route:
    return Route(method, path, operation, name, FLOWMUSIC, own=own, raw=raw)


def _open(method: str, path: str, operation: Operation, name: str = "") -> Route:
    return Route(method, path, operation, name, open=True)


ROUTES = (
    _api("GET", "/accounts", accounts.list_accounts, "accounts"),
    _api("GET", "/accounts/{email}", accounts.show_account, "account"),
    _api(
        "GET", "/accounts/usage", accounts.show_usage, "usage"
    ),  # after the one before: `find` takes the last
    _api("POST", "/accounts", accounts.add_account, "add_account", own=True),
    _api("DELETE", "/accounts/{email}", accounts.remove_account, "remove_account"),
    _api("POST", "/music", music.create_song, "music", own=True),
    _api("POST", "/music/edit", edit.edit_song, "edit", own=True),
    _api("POST", "/music/lyrics", lyrics.write_lyrics, "lyrics", own=True),
    _api("POST", "/files", files.upload, "files", own=True, raw=True),
    _api("POST", "/files/generate", images.make_image, "image", own=True),
    _api("GET", "/music", clips.list_clips, "clips"),
    _api("GET", "/music/download", clips.download, "download"),
    _api("GET", "/jobs", jobs.list_jobs, "jobs"),
    _api("GET", "/jobs/{jobid}", jobs.show_job, "job"),
    _api("DELETE", "/jobs/{jobid}", jobs.cancel_job, "cancel"),
    _open("GET", "/media/{file}", media.fetch, "media"),
    _open("GET", "/assets/{file}", files.serve, "assets"),
    _open("GET", "/", guide.show),
    _open("GET", "/_sandbox/charges", control.charges),
    _open("GET", "/_sandbox/requests", control.requests),
    _open("GET", "/_sandbox/jobs", control.all_jobs),
    _open("GET", "/_sandbox/hooks", control.hooks),
    _open("POST", "/_sandbox/scenario", control.order_scenario),
    _open("DELETE", "/_sandbox/scenario", control.clear_scenarios),
    _open("POST", "/_sandbox/reset", control.reset),
    _open("POST", "/_sandbox/accounts", control.set_account),
    _open("POST", "/_sandbox/finish", control.finish),
    _open("POST", "/_sandbox/render", control.render),
    _open("POST", "/_sandbox/speed", control.set_speed),
    _open("POST", "/_sandbox/clips", seed_data.add_clips),
    _open("POST", "/_sandbox/history", seed_data.add_history),
)


def find(path: str) -> dict[str, tuple[Route, tuple[str, ...]]]:
    """The routes of a path by method; HEAD is GET without its body."""
    parts = path.split("/")
    found = {
        route.method: (route, matched) for route in ROUTES if (matched := route.match(parts)) is not None
    }
    return found | ({"HEAD": found["GET"]} if "GET" in found else {})
