#!/usr/bin/env python3
import os
import sys

from django.core.management import execute_from_command_line

from flowweb.env import SettingError


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flowweb.settings")
    try:
        execute_from_command_line(sys.argv)
    except SettingError as error:
        print(f"flowweb: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
