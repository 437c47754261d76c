"""What a row of the table of URLs (test_urls.py) is: an address, what it points at, and what each person gets there."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.sample_team import House

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


@dataclass(frozen=True)
class Row:
    """`cells`: "GET POST" for anonymous, stranger, viewer, member, owner. `form` is what is posted."""

    name: str
    cells: tuple[str, ...]
    arguments: Arguments = NOTHING
    form: Callable[[House], dict[str, object]] = lambda house: {}


def row(name: str, /, *cells: str, args: Arguments = NOTHING, **form: object) -> Row:
    def filled(house: House) -> dict[str, object]:
        return {key: value(house) if callable(value) else value for key, value in form.items()}

    return Row(name, cells, args, filled)


def everybody(name: str, /, cell: str, args: Arguments = NOTHING, **form: object) -> Row:
    return row(name, *[cell] * 5, args=args, **form)
