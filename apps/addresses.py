"""Addresses of rows, of which a page has hundreds: what reverse() says, asked of it once for each name.

The table of URLs stays the truth: it says the form of an address, and the ids are put into it.
"""

from uuid import UUID

from django.urls import get_script_prefix, reverse

from apps.once import once

# Stand for the ids of rows while the form is made. In no address by themselves.
PLACES = tuple(UUID(f"{number:08x}-aaaa-4aaa-8aaa-aaaaaaaaaaaa") for number in range(1, 5))


def address(name: str, *arguments: UUID | str) -> str:
    """`arguments`: ids of rows, and words that are few, as the kind of a file."""
    ids = [each for each in arguments if isinstance(each, UUID)]
    words = tuple(None if isinstance(each, UUID) else each for each in arguments)
    return _form(name, words, get_script_prefix()).format(*ids)


@once
def _form(name: str, words: tuple[str | None, ...], prefix: str) -> str:
    """`/library/clips/{0}/`; signs with a meaning of their own here are written as %7B in addresses."""
    places = iter(PLACES)
    form = reverse(name, args=[next(places) if word is None else word for word in words])
    for number, place in enumerate(PLACES):
        form = form.replace(str(place), f"{{{number}}}")
    return form
