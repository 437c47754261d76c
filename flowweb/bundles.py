"""The sheets and the scripts of all pages, each kind as one file: one request in place of forty, and smaller together.

Written as many short files in `static/`, they are joined when static files are collected.
"""

import re
from collections.abc import Iterable, Iterator

from django.conf import settings
from django.contrib.staticfiles.finders import FileSystemFinder
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, Storage

# In the order in which the browser is to read them. Two stand alone: theme.js runs before anything is drawn, and
# passkeys.js is on signed-out pages, too.
SHEETS = (
    "tokens flowweb parts layout drawer jobs create lyrics library clip edit versions mixer collections player "
    "accounts settings usage files imports"
)
SCRIPTS = (
    "app shell/keyboard-layout jobs/panel shell/connection jobs/queue-order "
    "player/player player/remote player/bars player/display player/queue player/volume player/shortcuts player/memory "
    "player/waveform-selection library/clip-page forms/edit-form player/mixer-sound player/mixer player/one-tab "
    "library/selection shell/chart forms/one-press forms/song-form forms/sending forms/form-drafts forms/song-drafts "
    "forms/reference-files forms/references forms/sweep-form shell/shortcuts "
    "shell/dialogs shell/row-controls shell/palette shell/toasts library/downloads"
)
BUNDLES = {
    "css/pages.css": [f"css/{name}.css" for name in SHEETS.split()],
    "js/pages.js": [f"js/{name}.js" for name in SCRIPTS.split()],
    "icons.svg": ["vendor/bootstrap-icons-1.13.2/icons.svg"],  # a page names it hundreds of times
}


# Comments that stand in lines of their own: a tenth of what would travel.
COMMENTS = re.compile(rb"^[ \t]*/\*.*?\*/[ \t]*\n", re.DOTALL | re.MULTILINE)


class StaticFinder(FileSystemFinder):
    """`static/` for collectstatic: `css/pages.css` and `js/pages.js` in place of their parts, and without `root/`."""

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        parts = [part for bundle in BUNDLES.values() for part in bundle]
        yield from super().list([*(ignore_patterns or ()), *parts, "root"])
        storage = InMemoryStorage()
        for path, bundle in BUNDLES.items():
            storage.save(path, ContentFile(joined(bundle)))
            yield path, storage


def joined(parts: Iterable[str]) -> bytes:
    """What the files hold, one after the other, without what is said to their readers. `parts`: paths in `static/`."""
    (folder,) = settings.STATICFILES_DIRS
    return b"\n".join(COMMENTS.sub(b"", (folder / part).read_bytes()) for part in parts)
