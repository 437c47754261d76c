"""Times as the API writes them."""

from datetime import UTC, datetime


def iso(seconds: float) -> str:
    """Seconds since 1970 as "2026-06-01T18:40:42.412Z"."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
