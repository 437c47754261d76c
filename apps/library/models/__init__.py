from apps.library.models.claims import Claimable
from apps.library.models.clips import Clip, Song
from apps.library.models.collections import Collection, CollectionItem
from apps.library.models.curation import BEST, Rating, Tag
from apps.library.models.files import ClipFile
from apps.library.models.imports import Import
from apps.library.models.lyrics import LyricDraft, LyricVersion
from apps.library.models.references import ReferenceFile
from apps.library.models.search import ClipSearchText
from apps.library.models.storage import TeamStorage

__all__ = [
    "BEST",
    "Claimable",
    "Clip",
    "ClipFile",
    "ClipSearchText",
    "Collection",
    "CollectionItem",
    "Import",
    "LyricDraft",
    "LyricVersion",
    "Rating",
    "ReferenceFile",
    "Song",
    "Tag",
    "TeamStorage",
]
