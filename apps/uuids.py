"""Parses ids that come from outside: from an address, a form or the name of a folder."""

from uuid import UUID


def uuid_or_none(text: str) -> UUID | None:
    """None for what is no UUID."""
    try:
        return UUID(text)
    except ValueError:
        return None
