"""`python -m flowweb.local.prepare`: database, static files and the first owner, in a start's environment.

A process of its own, so that the supervisor stays small and a step can be interrupted. One line for each
step; the sign-in link, if there is one to give, in a line that begins with SIGN_IN.
"""

import os
import re
import sys
from io import StringIO

import django
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from flowweb import notices, static_files
from flowweb.env import SettingError
from flowweb.local.processes import SIGN_IN

OWNER = "owner@flowweb.local"
TEAM = "My studio"


def main() -> int:
    """Exit code: 0, or 2 after one line saying what is in the way."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flowweb.settings")
    try:
        django.setup()
        _say("database", migrate())
        call_command("check_keys", stdout=StringIO())
        _say("pages", collect_static())
        link = invite()
    except (SettingError, CommandError) as error:
        print(f"flowweb: {error}")
        return 2
    except OperationalError as error:
        print(f"flowweb: the database can't be used: {notices.first_line(error)}")
        return 2
    if link:
        print(f"{SIGN_IN}{link}")
    return 0


def migrate() -> str:
    """Applies what is pending; asking first is ten times faster than `migrate` with nothing to do."""
    executor = MigrationExecutor(connection)
    pending = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if not pending:
        return "up to date"
    call_command("migrate", interactive=False, verbosity=0)
    return f"{pending} migrations applied"


def collect_static() -> str:
    """Collects, hashes and compresses the static files, unless they are the same as last time."""
    if static_files.are_collected():
        return "up to date"
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    return "static files collected"


def invite() -> str:
    """A one-time link for the first owner, made on the first start; "" once that person has signed in."""
    options = {"if_empty": True, "email": OWNER, "team": TEAM, "sandbox": bool(settings.SANDBOX_URL)}
    return _link_of(**options) or _link_of(link=True)


def _link_of(**options: object) -> str:
    output = StringIO()
    call_command("bootstrap", stdout=output, **options)
    found = re.search(r"https?://\S+", output.getvalue())
    return found.group() if found else ""


def _say(step: str, result: str) -> None:
    print(f"  {step:<9} {result}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
