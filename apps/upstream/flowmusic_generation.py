"""Requests songs, edits, stems and lyrics. Each request is sent once."""

from __future__ import annotations

from collections.abc import Mapping

from apps.upstream.deadline import Deadline
from apps.upstream.flowmusic_calls import Calls, given, made_record
from apps.upstream.operation_messages import EDIT, LYRICS, SONG, STEMS
from apps.upstream.records import JobRecord, LyricsRecord, StemsRecord

STEMS_OPERATION = "stems"
# Said by stems' page to be ignored, and a webhook's secret need not travel for nothing.
_IGNORED_BY_STEMS = frozenset({"mode", "replyUrl", "replyRef"})


class Generation(Calls):
    """Everything below /music that makes something."""

    def music(self, params: Mapping[str, object], *, deadline: Deadline) -> JobRecord:
        """Ask for a song, once (post-flowmusic-music.md). Costs credits.

        `params` are the page's; None and empty text are left out, and `mode` is "async" unless given.
        Returns the record of the job: pending (201), or terminal (200). Raises NotSent, Busy, TokenRefused,
        SubscriptionEnded, OutOfCredits, AccountBroken, RenderFailed, Rejected or OutcomeUnknown. Any 2xx
        without a jobid is unknown.
        """
        response = self._write("/music", SONG, deadline, json={"mode": "async"} | given(params))
        return made_record(response, JobRecord.parse, SONG)

    def edit(self, params: Mapping[str, object], *, deadline: Deadline) -> JobRecord:
        """Ask for an effect, extend, replace, cover or remix of a clip, once (post-flowmusic-music-edit.md).

        Costs credits. As `music` in all, errors too; a start of 0 is a value. Stems have a method of their own.
        """
        if params.get("operation") == STEMS_OPERATION:
            raise ValueError("stems are no job: they have a method of their own")
        response = self._write("/music/edit", EDIT, deadline, json={"mode": "async"} | given(params))
        return made_record(response, JobRecord.parse, EDIT)

    def stems(self, params: Mapping[str, object], *, deadline: Deadline) -> StemsRecord:
        """Split a clip into its stems (post-flowmusic-music-edit.md, operation stems). Blocks for 15 to 60 s.

        No job and no webhook, so a lost answer leaves no trace but the clips; asked again for a clip that is split
        already, the same stems come back. Returns as many as there are. Raises what `music` raises; a job record
        or an answer without stems is unknown.
        """
        json = {name: value for name, value in given(params).items() if name not in _IGNORED_BY_STEMS}
        response = self._write("/music/edit", STEMS, deadline, json=json | {"operation": STEMS_OPERATION})
        source = str(params.get("clip") or "")
        return made_record(response, lambda data: StemsRecord.parse(data, source_clip=source), STEMS)

    def lyrics(self, params: Mapping[str, object], *, deadline: Deadline) -> LyricsRecord:
        """Have lyrics written, once (post-flowmusic-music-lyrics.md). Normally free: the record says if not.

        Raises NoLyrics (422), the refusals of `music`, NotSent or OutcomeUnknown.
        """
        response = self._write("/music/lyrics", LYRICS, deadline, json=given(params))
        return made_record(response, LyricsRecord.parse, LYRICS)
