"""The product's settings with style sheets and scripts under their own names: gathering them takes a while."""

from flowweb.settings import *  # noqa: F403
from flowweb.settings import STORAGES

STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
