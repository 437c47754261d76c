from apps.library.models.clips import Clip, Song
from apps.library.models.curation import BEST, Collection, CollectionItem, Opinion, Tag
from apps.library.models.files import ClipFile
from apps.library.models.imports import Import
from apps.library.models.lyrics import LyricDraft, LyricVersion
from apps.library.models.references import ReferenceFile
from apps.library.models.search import ClipWords
from apps.library.models.storage import TeamStorage

__all__ = [
    "BEST",
    "Clip",
    "ClipFile",
    "ClipWords",
    "Collection",
    "CollectionItem",
    "Import",
    "LyricDraft",
    "LyricVersion",
    "Opinion",
    "ReferenceFile",
    "Song",
    "Tag",
    "TeamStorage",
]
