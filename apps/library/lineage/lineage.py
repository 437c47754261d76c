"""Where a take comes from and what came of it: the tree of a request, its takes, their edits, and the edits of those.

A fixed number of queries, however deep and wide it is: the database walks up and down itself, as far as the caps say.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from apps.accounts.models import Team
from apps.library.lineage import edit_labels, text_diff
from apps.library.models import Clip, ClipFile, Song
from apps.prepared import prepared, share_out

MOST_SONGS = 400
DEEPEST = 200  # edits one after the other
IN_CARD = 14  # lines
COMPARED = 40  # remixes of one page whose lyrics are compared


UP = """
WITH RECURSIVE line (id, source, depth) AS (
    SELECT id, source_id, 0 FROM library_song WHERE id = %s
    UNION ALL
    SELECT song.id, song.source_id, line.depth + 1 FROM line
    JOIN library_clip clip ON clip.id = line.source
    JOIN library_song song ON song.id = clip.song_id
    WHERE line.depth < %s
)
SELECT id FROM line ORDER BY depth
"""
DOWN = """
WITH RECURSIVE tree (id, depth) AS (
    SELECT id, 0 FROM library_song WHERE id = %s
    UNION ALL
    SELECT song.id, tree.depth + 1 FROM tree
    JOIN library_clip clip ON clip.song_id = tree.id
    JOIN library_song song ON song.source_id = clip.id
    WHERE tree.depth < %s
)
SELECT id FROM tree ORDER BY depth LIMIT %s
"""


@dataclass(frozen=True)
class Member:
    """One line of the tree: the request (without a `clip`), a take, an edit, or stems.

    `opens` and `closes` are for lists in lists: whether members below it follow, and how many lists end after it.
    """

    song: Song
    clip: Clip | None
    depth: int
    source: Clip | None = None
    is_shown: bool = False  # the one whose page it is
    is_compared: bool = False  # its lyrics, with those of its source
    opens: bool = False
    closes: range = field(default=range(0))

    @property
    def is_request(self) -> bool:
        return self.clip is None

    @property
    def is_edit(self) -> bool:
        return not self.is_request and self.source is not None

    @property
    def is_stems(self) -> bool:
        return self.song.operation == Song.STEMS

    @property
    def label(self) -> str:
        if self.clip is None:
            return self.song.prompt or self.song.name
        if self.source is None:
            return f"Take {self.clip.letter}"
        words = edit_labels.label(self.song.operation, self.song.params)
        if self.source.stem_type:  # a part of its source alone was edited
            words = f"{words} ({self.source.stem_type})"
        return words

    @property
    def side(self) -> str:
        """What stands at the end of its line, where it isn't its length."""
        if self.clip is None:
            return ""
        if self.is_stems:
            tracks = sum(not take.deleted_at for take in self.song.takes.all())
            return f"{tracks} track{'' if tracks == 1 else 's'}" if tracks else "in the trash"
        if self.clip.erased_at:
            return "deleted for good"
        return "in the trash" if self.clip.deleted_at else ""

    @property
    def details(self) -> list[edit_labels.Detail]:
        return edit_labels.beside_label(self.song.operation, self.song.params)

    @cached_property
    def diff(self) -> list[text_diff.DiffLine]:
        """Of a remix: its lyrics beside those of its source."""
        lyrics = self.song.params.get("lyrics")
        if not self.is_compared or self.source is None or not isinstance(lyrics, str):
            return []
        return text_diff.lines(self.source.shown_lyrics, lyrics)

    @property
    def changed(self) -> str:
        return text_diff.counted(self.diff)


@dataclass(frozen=True)
class Lineage:
    members: list[Member]
    is_cut: bool = False  # there are more than are shown

    @property
    def is_alone(self) -> bool:
        """One take of one request, of which nothing came."""
        return len(self.members) <= 2

    @property
    def shown(self) -> Member | None:
        return next((member for member in self.members if member.is_shown), None)


def of_take(team: Team, take: Clip, *, with_lyrics: bool = False) -> Lineage:
    """The whole tree, as far as MOST_SONGS of it. Five queries. `with_lyrics`: to compare them."""
    ids = _ids(DOWN, _ids(UP, take.song_id, DEEPEST)[-1], DEEPEST, MOST_SONGS)
    songs = {song.pk: song for song in _songs(team, ids, with_lyrics)}
    root = songs.get(ids[0]) if ids else None
    if root is None:
        return Lineage([])
    found = list(_walk(root, songs.values()))
    compared = [
        place for place, member in enumerate(found) if with_lyrics and member.song.operation == "remix"
    ]
    first = set(compared[:COMPARED])
    marked = [
        replace(member, is_shown=_is(member, take), is_compared=place in first)
        for place, member in enumerate(found)
    ]
    return Lineage(_nested(marked), is_cut=len(ids) >= MOST_SONGS)


def near(lineage: Lineage) -> Lineage:
    """What has room in a card: the way from the request to this take, its edits, and then others in their order."""
    members = lineage.members
    if len(members) <= IN_CARD:
        return lineage
    parents = _parents(members)
    here = next((place for place, member in enumerate(members) if member.is_shown), 0)
    way = [here]
    while (above := parents[way[-1]]) is not None:
        way.append(above)
    keep = {0, *way[: IN_CARD - 1]}
    below = [place for place in range(here + 1, len(members)) if _descends(place, here, parents)]
    for place in (*below, *range(len(members))):
        if len(keep) < IN_CARD and parents[place] in keep:
            keep.add(place)
    return Lineage(_nested(list(_arranged(members, sorted(keep), parents))), is_cut=True)


def _arranged(members: list[Member], shown: list[int], parents: list[int | None]) -> Iterator[Member]:
    """Those shown, each one deeper than the nearest above it that is shown: of a long chain the middle is left out."""
    depths: dict[int, int] = {}
    for place in shown:
        above = parents[place]
        while above is not None and above not in depths:
            above = parents[above]
        depths[place] = 0 if above is None else depths[above] + 1
        yield replace(members[place], depth=depths[place])


def _parents(members: list[Member]) -> list[int | None]:
    """By the place of each: the place of the member that it hangs on."""
    last: dict[int, int] = {}
    found = []
    for place, member in enumerate(members):
        found.append(last.get(member.depth - 1))
        last[member.depth] = place
    return found


def _descends(place: int | None, ancestor: int, parents: list[int | None]) -> bool:
    while place is not None and place > ancestor:
        place = parents[place]
    return place == ancestor


def edits_up_to(team: Team, take: Clip) -> list[Song]:
    """The edits by which one gets from the take of a request to this one, the first one first. Two queries."""
    ids = _ids(UP, take.song_id, DEEPEST)
    songs = Song.objects.for_team(team).filter(pk__in=ids).select_related("source")
    found = {song.pk: song for song in songs}
    return [found[pk] for pk in reversed(ids) if pk in found and found[pk].source]


def _ids(walk: str, song_id: UUID, *limits: int) -> list[UUID]:
    """Of the songs that a walk from this one finds, in its order."""
    to_db, from_db = Song._meta.pk.get_db_prep_value, Song._meta.pk.to_python
    with connection.cursor() as cursor:
        cursor.execute(walk, [to_db(song_id, connection), *limits])
        return list(dict.fromkeys(from_db(row[0]) for row in cursor.fetchall()))


def _songs(team: Team, ids: list[UUID], with_lyrics: bool) -> list[Song]:
    songs = _by_age(team, *ids)
    takes = (_with_lyrics if with_lyrics else _light)(*(song.pk for song in songs))
    share_out(songs, "takes", takes, by="song")
    share_out(takes, "files", _thumbs(*(take.pk for take in takes)), by="clip")
    return songs


@prepared
def _by_age(team: Team, *ids: UUID) -> QuerySet[Song]:
    found: QuerySet[Song] = Song.objects.for_team(team)
    return found.filter(pk__in=ids).select_related("asked_by").order_by("created_at", "pk")


@prepared
def _light(*song_ids: UUID) -> QuerySet[Clip]:
    return Clip.objects.filter(song__in=song_ids).light().order_by("take")


@prepared
def _with_lyrics(*song_ids: UUID) -> QuerySet[Clip]:
    return Clip.objects.filter(song__in=song_ids).light(with_lyrics=True).order_by("take")


@prepared
def _thumbs(*clip_ids: UUID) -> QuerySet[ClipFile]:
    return ClipFile.objects.filter(clip__in=clip_ids, kind=ClipFile.Kind.THUMB)


def _walk(root: Song, songs: Iterable[Song]) -> Iterator[Member]:
    """Depth first, without recursion: a chain may be long."""
    below: dict[UUID | None, list[Song]] = {}
    for song in songs:
        below.setdefault(song.source_id, []).append(song)
    yield Member(root, None, 0)
    waiting = [Member(root, take, 1) for take in reversed(root.takes.all()) if _counts(take, below)]
    while waiting:
        member = waiting.pop()
        yield member
        waiting += reversed(list(_below(member, below)))


def _below(member: Member, below: dict[UUID | None, list[Song]]) -> Iterator[Member]:
    takes = list(member.song.takes.all()) if member.is_stems else [member.clip]
    for take in takes:
        for song in below.get(take.pk, []) if take else []:
            clips = [each for each in song.takes.all() if _counts(each, below)]
            # The four stems are one line: what they are is seen in the mixer.
            for clip in clips[:1] if song.operation == Song.STEMS else clips:
                yield Member(song, clip, member.depth + 1, source=take)


def _counts(take: Clip, below: dict[UUID | None, list[Song]]) -> bool:
    """What is gone for good is only shown for the sake of what came of it."""
    return take.erased_at is None or take.pk in below


def _is(member: Member, take: Clip) -> bool:
    if member.clip is None:
        return False
    return member.song.pk == take.song_id if member.is_stems else member.clip.pk == take.pk


def _nested(members: list[Member]) -> list[Member]:
    depths = [*(member.depth for member in members[1:]), 0]
    return [
        replace(member, opens=after > member.depth, closes=range(max(0, member.depth - after)))
        for member, after in zip(members, depths, strict=True)
    ]
