"""A stretch of an account's list: two pages, so that the walk writes half as often.

Read in a thread beside the writing of the stretch before, without the database.
"""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from apps.library.importing.preparing import Ready, prepare
from apps.upstream.flowmusic import LARGEST_PAGE, FlowMusic
from apps.upstream.records import ClipPage, ClipRecord

# The last clips of a page are asked for once more with the next: if they aren't there, the list has moved.
OVERLAP = 3
PAGES = 2


@dataclass(frozen=True)
class Stretch:
    """`following`: the offset to go on from, None at the end of the list. `is_one`: it was read by one call."""

    clips: tuple[ClipRecord, ...]
    ready: list[Ready]
    following: int | None
    is_one: bool

    @property
    def ends(self) -> list[str]:
        return _ends(self.clips)


def read(client: FlowMusic, email: str, team_id: UUID, offset: int) -> Stretch:
    """From that offset on. A page that doesn't begin with the end of the one before is left for later."""
    ask = partial(client.music_list, email, limit=LARGEST_PAGE)
    page = ask(offset=offset)
    clips, following, pages = page.clips, _following(offset, page), 1
    while following is not None and pages < PAGES:
        page = ask(offset=following)
        if not set(_ends(clips)) & {clip.clip_id for clip in page.clips}:
            break
        clips, following, pages = clips + page.clips, _following(following, page), pages + 1
    return Stretch(clips, prepare(clips, team_id), following, is_one=pages == 1 and following is None)


def _following(offset: int, page: ClipPage) -> int | None:
    return None if page.next is None else max(offset + 1, page.next - OVERLAP)


def _ends(clips: tuple[ClipRecord, ...]) -> list[str]:
    return [clip.clip_id for clip in clips[-OVERLAP:]]
