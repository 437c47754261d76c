from apps.library.models.clips import Clip, Song
from apps.library.models.files import ClipFile

__all__ = ["Clip", "ClipFile", "Song"]
