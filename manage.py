#!/usr/bin/env python3
import importlib
import os
import sys

from django.conf import settings
from django.core.management import execute_from_command_line
from django.db import OperationalError

from flowweb import notices
from flowweb.env import SettingError


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flowweb.settings")
    try:
        # Before any command is looked at: some would hide a wrong setting, or run without settings at all.
        importlib.import_module(os.environ["DJANGO_SETTINGS_MODULE"])
        notices.say(settings.NOTICES)
        execute_from_command_line(sys.argv)
    except SettingError as error:
        sys.exit(notices.refuse(error))
    except OperationalError as error:
        sys.exit(notices.refuse(f"the database can't be used: {notices.first_line(error)}"))


if __name__ == "__main__":
    main()
