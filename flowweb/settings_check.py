"""Django's settings, checked first, for programs that would show a wrong one as a traceback.

gunicorn and other WSGI servers import it; `celery -A flowweb.checked` finds the Celery app here.
"""

import importlib
import os
import sys

from django.conf import settings

from flowweb import notices
from flowweb.celery import app
from flowweb.env import SettingError

__all__ = ["app", "settings"]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flowweb.settings")
try:
    importlib.import_module(os.environ["DJANGO_SETTINGS_MODULE"])
except SettingError as error:
    sys.exit(notices.refuse(error))
notices.say(settings.NOTICES)
