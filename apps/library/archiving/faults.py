"""Why a file could not be kept, in words for the clip's page. Remote faults come as an UpstreamError."""


class NotKept(Exception):
    """`words`: what is wrong, as a sentence. It is tried again."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class BadFile(NotKept):
    """What came is not what it should be: cut short, not audio, not a picture."""


class NoWay(NotKept):
    """There is nobody to ask and no link for now."""
