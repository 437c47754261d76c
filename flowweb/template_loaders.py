"""Reads templates without their indentation, which is for those who write them and half of what a page weighs."""

import re

from django.template.base import Origin
from django.template.loaders import app_directories, filesystem

# White space with a line break in it is one space to a browser, and to what is written with line breaks one break.
LAID_OUT = re.compile(r"[ \t]*\n\s*")


def lean(text: str) -> str:
    return LAID_OUT.sub("\n", text)


class Folders(filesystem.Loader):
    """Mail is left as it is: a person reads its lines."""

    def get_contents(self, origin: Origin) -> str:
        text: str = super().get_contents(origin)
        return lean(text) if origin.name.endswith(".html") else text


class Apps(app_directories.Loader, Folders):
    """The same for the templates of apps."""
