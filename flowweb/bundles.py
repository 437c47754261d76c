"""The sheets and the scripts of all pages, each kind as one file: one request in place of forty, and smaller together.

Written as many short files in `static/`, they are joined when static files are collected.
"""

from collections.abc import Iterable

from django.conf import settings
from django.contrib.staticfiles.finders import BaseStorageFinder
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage

# In the order in which the browser is to read them. Only theme.js stands alone: it runs before anything is drawn.
SHEETS = (
    "tokens flowweb parts layout jobs create desk library clip edit family mixer collections player "
    "accounts usage files imports"
)
SCRIPTS = (
    "app panel line player player-face player-queue player-sound player-keys player-memory mark clip edit "
    "mixer-sound mixer selection usage form drafts files references keep sweep keys palette news"
)
BUNDLES = {
    "css/pages.css": [f"css/{name}.css" for name in SHEETS.split()],
    "js/pages.js": [f"js/{name}.js" for name in SCRIPTS.split()],
}


class Bundles(BaseStorageFinder):
    """Finds `css/pages.css` and `js/pages.js`, for collectstatic."""

    def __init__(self) -> None:
        storage = InMemoryStorage()
        for path, parts in BUNDLES.items():
            storage.save(path, ContentFile(joined(parts)))
        super().__init__(storage)


def joined(parts: Iterable[str]) -> bytes:
    """What the files hold, one after the other. `parts`: their paths in `static/`."""
    (folder,) = settings.STATICFILES_DIRS
    return b"\n".join((folder / part).read_bytes() for part in parts)
