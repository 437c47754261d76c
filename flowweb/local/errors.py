"""What stops a start before anything runs."""


class StartError(Exception):
    """The start can't go on. Its text is one line: what is in the way, and what to do."""
