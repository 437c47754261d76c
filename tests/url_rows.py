"""What a row of the table of URLs (test_urls.py) is: an address, what it points at, and what each person gets there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.sample_team import PEOPLE, House

Arguments = Callable[[House], tuple[object, ...]]
NOTHING: Arguments = lambda house: ()  # noqa: E731
JOB: Arguments = lambda house: (house.job.pk,)  # noqa: E731
CLIP: Arguments = lambda house: (house.clip.pk,)  # noqa: E731
CHAIN: Arguments = lambda house: (house.chain,)  # noqa: E731
PRESET: Arguments = lambda house: (house.preset,)  # noqa: E731
DRAFT: Arguments = lambda house: (house.lyric_draft,)  # noqa: E731
SWEEP: Arguments = lambda house: (house.sweep.pk,)  # noqa: E731
COLLECTION: Arguments = lambda house: (house.collection,)  # noqa: E731
ITEM: Arguments = lambda house: (house.collection, house.clip.pk)  # noqa: E731
FILE: Arguments = lambda house: (house.file,)  # noqa: E731
CHOSEN: Callable[[House], object] = lambda house: house.clip.pk  # noqa: E731
ACCOUNT: Arguments = lambda house: (house.account,)  # noqa: E731
MEMBER: Arguments = lambda house: (house.viewer,)  # noqa: E731
INVITATION: Arguments = lambda house: (house.invitation,)  # noqa: E731
LENDING_REQUEST: Arguments = lambda house: (house.lending_request,)  # noqa: E731
TOKEN: Arguments = lambda house: (house.token,)  # noqa: E731


# What belongs to a person or to nobody, beside signing in: it is there for who is in no team, too.
OF_NO_TEAM = frozenset(
    {
        "healthz",
        "readyz",
        "hook",
        "sign-in-link",
        "invitation",
        "invitation-opened",
        "profile",
        "sessions-end",
    }
)


@dataclass(frozen=True)
class Row:
    """`cells`: "GET POST" for anonymous, stranger, viewer, member, owner. `others`: cells of others that don't follow
    from these. `form` is what is posted."""

    name: str
    cells: tuple[str, ...]
    arguments: Arguments = NOTHING
    form: Callable[[House], dict[str, object]] = lambda house: {}
    others: Mapping[str, str] = field(default_factory=dict)

    @property
    def all_cells(self) -> dict[str, str]:
        """Of everybody in the house, by who they are."""
        cells = dict(zip(PEOPLE, self.cells, strict=True))
        follow = {
            "admin": cells["owner"],
            "elsewhere": cells["stranger"],
            "deactivated": cells["anonymous"],  # no session of theirs is one any more
            "invited": self._in_no_team(cells["stranger"]),
            "removed": self._in_no_team(cells["stranger"]),
        }
        return cells | follow | self.others

    def _in_no_team(self, stranger: str) -> str:
        """They are told that they are in none (404); a method that is none is one for nobody."""
        is_allauths = "_" in self.name
        if is_allauths or self.name in OF_NO_TEAM or self.name.endswith("-moved"):
            return stranger
        return " ".join("405" if status == "405" else "404" for status in stranger.split())


def row(
    name: str,
    /,
    *cells: str,
    args: Arguments = NOTHING,
    others: Mapping[str, str] | None = None,
    **form: object,
) -> Row:
    def filled(house: House) -> dict[str, object]:
        return {key: value(house) if callable(value) else value for key, value in form.items()}

    return Row(name, cells, args, filled, others or {})


def everybody(name: str, /, cell: str, args: Arguments = NOTHING, **form: object) -> Row:
    return row(name, *[cell] * 5, args=args, **form)
