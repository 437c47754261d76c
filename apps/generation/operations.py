"""The operations of the API, and how each differs while it is on its way (docs/design.md, section 3).

`is_synchronous`: the answer to the POST is all there is. It comes after seconds or minutes, there is no jobid, no slot
and no record to read: such jobs have a queue and workers of their own, so that they never delay a song. Their times are
those of the pages post-flowmusic-music-edit (stems), -music-lyrics, -files-generate and -files.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Operation:
    """`label` is what people call it; `usual_s` what it takes by the pages, until the team has figures of its own.

    `free`: the pages name no price for it. `deadline_s` is that of its POST.
    """

    label: str
    usual_s: int
    deadline_s: float = 60
    is_synchronous: bool = False
    free: bool = False


OPERATIONS = {
    "music": Operation(label="Song", usual_s=95),
    "effect": Operation(label="Effect", usual_s=30),
    "extend": Operation(label="Extend", usual_s=95),
    "replace": Operation(label="Replace", usual_s=95),
    "cover": Operation(label="Cover", usual_s=95),
    "remix": Operation(label="Remix", usual_s=95),
    "stems": Operation(label="Stems", usual_s=40, deadline_s=180, is_synchronous=True),
    "lyrics": Operation(label="Lyrics", usual_s=20, deadline_s=120, is_synchronous=True, free=True),
    "image": Operation(label="Image", usual_s=15, deadline_s=120, is_synchronous=True, free=True),
    "upload": Operation(label="Upload", usual_s=15, deadline_s=600, is_synchronous=True, free=True),
}
EDITS = ("effect", "extend", "replace", "cover", "remix", "stems")
SYNCHRONOUS = frozenset(name for name, operation in OPERATIONS.items() if operation.is_synchronous)
FREE = frozenset(name for name, operation in OPERATIONS.items() if operation.free)

# What is said of those that have no takes, when they are done.
DONE = {"lyrics": "written", "image": "created", "upload": "sent"}
# And when the answer to the call is lost, of asking again.
AGAIN = {
    "stems": "On a retry, a take that is split already gives the same stems.",
    "lyrics": "Lyrics are normally free.",
    "image": "What an image costs is not known.",
    "upload": "If it is sent again, the file may be there twice.",
}
