"""A remote side whose every answer holds one odd value wherever a value can stand, on a real socket."""

from __future__ import annotations

import json
import socket
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.upstream import scripted

EMAIL = "studio@nightbus.example"
CLIP = f"user:1000-{EMAIL}-clip:a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5"
JOBID = f"job:aaaabbbb-cccc-4ddd-8eee-ffff99990000-user:1000-{EMAIL}-bot:flowmusic"
ASSET = f"user:1000-{EMAIL}-image:34cd56ef"

# As JSON spells them: some of these can't be written by Python's own encoder.
VALUES = {
    "beyond every column": "1" + "0" * 400,
    "negative": "-5",
    "not a number": "NaN",
    "infinite": "1e999",
    "a NUL": r'"a\u0000b"',
    "half a surrogate pair": r'"a\ud800b"',
    "overlong": json.dumps("long " * 20_000),
    "overlong without a gap": json.dumps("x" * 100_000),
    "a long list": "[" + "0," * 100_000 + "0]",
    "deep": "[" * 400 + "]" * 400,
    "true": "true",
    "the first moment": '"0001-01-01T00:00:00Z"',
    "the last moment": '"9999-12-31T23:59:59.999999Z"',
    "no address": '"main"',
    "hidden": '"[hidden]"',
}
ODD = "an odd value"


class Answers:
    """One JSON text for each path; `reference` is told by the records of jobs."""

    def __init__(self, value: str) -> None:
        self.value, self.reference, self.origin = value, "", ""

    def __call__(self, conn: socket.socket, request: bytes) -> None:
        method, path = request.split(b" ", 2)[:2]
        name = unquote(urlsplit(path.decode()).path.removeprefix("/v1/flowmusic"))
        status, said = self._of(method.decode(), name)
        text = json.dumps(said).replace(json.dumps(ODD), self.value)
        scripted.reply(status, text.encode(), headers={"Content-Type": "application/json"})(conn, request)

    def _of(self, method: str, path: str) -> tuple[int, Any]:
        match method, path:
            case _, "/accounts/usage":
                return 200, usage()
            case _, "/accounts":
                return 200, {"main": account(), "[hidden]": account(), EMAIL: account(), "x" * 300: account()}
            case _, "/jobs":
                return 200, {"main": slots(), EMAIL: slots(), "b@nightbus.example": slots()}
            case "GET", "/music":
                return 200, {"clips": [clip(number) for number in range(3)], "next": ODD, "limit": ODD}
            case "POST", "/music":
                return 201, self._record() | {"status": "pending", "clips": ODD, "error": None}
            case "POST", "/music/lyrics":
                return 200, everything("email title sound_prompt source credits_burned") | {
                    "lyrics": "[Verse]"
                }
            case "POST", "/files/generate":
                return 200, picture()
        return 200, self._record() if path.startswith("/jobs/") else account()

    def _record(self) -> dict[str, Any]:
        known = {"jobid": JOBID, "status": "completed", "request": {"replyRef": self.reference, "more": ODD}}
        made = {"clips": [clip(7), clip(8), ODD]}
        return everything("email operation created_at duration_ms error completed_at") | known | made


def everything(names: str, **known: Any) -> dict[str, Any]:
    return dict.fromkeys(names.split(), ODD) | known


def account() -> dict[str, Any]:
    return everything(
        "tier maxJobs credits_remaining tokens_remaining subscription_plan provider added refreshed_at health"
    )


def slots() -> dict[str, Any]:
    return {
        "running": ODD,
        "maxJobs": ODD,
        "jobs": [everything("status operation created_at", jobid=JOBID), ODD],
    }


def clip(number: int) -> dict[str, Any]:
    odd = "title lyrics duration_s seed lyrics_timing created_at audio_url wav_url image_url stem_type"
    return everything(odd, clip=f"{CLIP}{number}")


def picture() -> dict[str, Any]:
    odd = "url kind email metadata_stripped clip_id operation_id is_flagged duration_s width height model"
    return everything(odd, id=ASSET)


def usage() -> dict[str, Any]:
    odd = everything("type amount conversation_id conversation_title event_at max_created_at")
    booked = odd | {"type": "producer-usage"}
    dated = {"type": "grant", "amount": 12, "event_at": "2026-11-01T00:00:00", "conversation_title": ODD}
    charged = booked | {"amount": ODD, "event_at": "2026-11-02T00:00:00"}
    summary = everything("total_charged_credits total_received_tokens per_conversation by_type_credits")
    return {"email": ODD, "events": [odd, booked, dated, charged, charged, ODD], "summary": summary}
