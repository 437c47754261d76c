"""`python -m tests.bench.import_run CLIPS`: an account with so many clips at a sandbox of its own, imported by a
process of its own on SQLite; says clips a second of a bare loop and of the import, and megabytes of memory.
"""

# isort: off
import tests.environment  # noqa: F401 - the variables, before Django reads its settings
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flowweb.settings")
django.setup()
# isort: on

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from apps.accounts import api_clients, tokens  # noqa: E402
from apps.accounts.models import FlowAccount, Membership, Role, Team, User  # noqa: E402
from apps.library.importing import actions, runner  # noqa: E402
from apps.library.models import Clip, Import  # noqa: E402
from apps.upstream.token import Token  # noqa: E402
from tests.sandbox_control import order  # noqa: E402

EMAIL = "studio@sandbox.example"


def main(count: int) -> None:
    call_command("migrate", verbosity=0)
    with _sandbox() as url:
        settings.OPERATOR_ORIGINS |= {url}
        account, user, team = _team(url)
        order(url, "clips", email=EMAIL, count=count)
        client = api_clients.of_token(user.tokens.get())
        bare, before = _timed(lambda: _loop(client)), _megabytes()
        walk = actions.begin(team, account, by=user)
        took = _timed(lambda: _walk(walk))
        more = _megabytes() - before
        bare = (bare + _timed(lambda: _loop(client))) / 2  # before and after: a machine is not always as fast
        walk.refresh_from_db()
        assert (walk.new, Clip.objects.count()) == (count, count)
        print(f"{count / bare:.0f} {count / took:.0f} {more:.0f}")


def _loop(client: object) -> None:
    offset: int | None = 0
    while offset is not None:
        offset = client.music_list(EMAIL, offset=offset).next  # type: ignore[attr-defined]


def _walk(walk: Import) -> None:
    while not Import.objects.filter(pk=walk.pk, state="done").exists():
        assert runner.walk(str(walk.pk))


def _timed(work: object) -> float:
    started = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - started


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _team(url: str) -> tuple[FlowAccount, User, Team]:
    team, user = Team.objects.create(name="Night Bus"), User.objects.create_user("mara@nightbus.example")
    Membership.objects.create(team=team, user=user, role=Role.OWNER)
    token = Token.parse(tokens.SANDBOX_TOKEN.format(number=tokens.FIRST_NUMBER))
    tokens.add(token, team=team, owner=user, endpoint=url + tokens.PATH)
    return FlowAccount.objects.get(email=EMAIL), user, team


@contextmanager
def _sandbox() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "apps.sandbox", "--port", "0", "--data", folder]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        try:
            found = re.search(r"http://\S+?(?=,)", process.stdout.readline())
            assert found
            yield found[0]
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main(int(sys.argv[1]))
