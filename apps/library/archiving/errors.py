"""Why a file could not be stored, in words for the clip's page. Remote faults come as an UpstreamError."""


class NotStored(Exception):
    """`words`: what is wrong, as a sentence. It is tried again."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class BadFile(NotStored):
    """What came is not what it should be: cut short, not audio, not a picture. `cause`: what the decoder said of it."""

    cause = ""


class Unreadable(BadFile):
    """It can't be decoded, whatever the decoder said of it."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"This {name} can't be read: it is damaged or was cut short. Choose another copy of it."
        )


class CutShort(BadFile):
    def __init__(self, name: str) -> None:
        super().__init__(f"This {name} was cut short: its end is missing. Choose the whole file.")


class NotExamined(NotStored):
    """Whoever was to read it was ended, or could not be started: that says nothing of the file."""

    def __init__(self, words: str = "This could not be read right now. It will be tried again.") -> None:
        super().__init__(words)


class FileUnavailable(NotStored):
    """There is nobody to ask and no link for now."""
