"""A hosted site, by the commands of the Procfile: what it must be given, and what a start says."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import get_commands
from django.test import RequestFactory

from tests import variables

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[1]
HOSTED = {
    **variables.SECRETS,
    "PUBLIC_URL": "https://music.example.com",
    "TRUST_PROXY": "on",
    "DATABASE_URL": "postgres://mara:pw@127.0.0.1:9/songs",
    "REDIS_URL": "rediss://:pw@redis.example.com:6380",
    "AWS_STORAGE_BUCKET_NAME": "songs",
    "AWS_S3_REGION_NAME": "eu-central-1",
}
PROCFILE = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
README = (ROOT / "README.md").read_text()
TABLE = set(
    re.findall(r"`([A-Z][A-Z0-9_]{3,})`", README[README.index("| Variable |") : README.index("Every thread")])
)
READ = """
import json, django
from django.conf import settings
django.setup()
from flowweb.celery import app
from flowweb.sessions import MessageCookie
ssl = app.connection_for_write().ssl
print(json.dumps({
    "broker": {name: str(value) for name, value in ssl.items()} if ssl else None,
    "mail": settings.EMAIL_BACKEND,
    "store": settings.STORAGES["default"]["BACKEND"],
    "threads": getattr(settings.STORAGES["default"].get("OPTIONS", {}).get("transfer_config"), "use_threads", None),
    "proxies": settings.ALLAUTH_TRUSTED_PROXY_COUNT,
    "cookies": [settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, MessageCookie.cookie_name],
    "hosts": sorted(settings.SITE_HOSTS),
    "connections": [
        settings.WEB_CONCURRENCY, settings.WEB_THREADS, settings.WORKER_THREADS, settings.SLOW_THREADS
    ],
}))
"""


def environment(folder: Path, **changes: str | None) -> dict[str, str]:
    """`changes`: None takes a variable out."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    found = {
        "PATH": path,
        "HOME": str(folder),
        "DJANGO_SETTINGS_MODULE": "flowweb.settings",
        **HOSTED,
        **changes,
    }
    return {name: value for name, value in found.items() if value is not None}


def run(folder: Path, *command: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment(folder, **changes),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def read(folder: Path, **changes: str | None) -> dict[str, object]:
    done = run(folder, sys.executable, "-c", READ, **changes)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def ends_with_one_line(done: subprocess.CompletedProcess[str], says: str) -> None:
    assert done.returncode == 2, done
    assert re.fullmatch(rf"flowweb: .*{re.escape(says)}.*\n", done.stdout + done.stderr), done
    assert "pw" not in done.stderr.replace("pwd", ""), "no password in a log"


# What must be given, in every process.

MISSING = {
    "DATABASE_URL": {"DATABASE_URL": None},
    "REDIS_URL": {"REDIS_URL": None},
    "AWS_STORAGE_BUCKET_NAME": {"AWS_STORAGE_BUCKET_NAME": None},
    "PUBLIC_URL": {"PUBLIC_URL": None},
    "FLOWWEB_DATA": {"DATABASE_URL": "sqlite:////tmp/flowweb.sqlite3"},
    "WEB_CONCURRENCY": {"WEB_CONCURRENCY": "auto"},
}


FIRST, *OTHERS = PROCFILE


@pytest.mark.parametrize("name", MISSING)
@pytest.mark.parametrize("process", [FIRST, *(pytest.param(each, marks=pytest.mark.long) for each in OTHERS)])
def test_every_process_ends_with_one_line_that_names_what_is_missing(
    process: str, name: str, tmp_path: Path
) -> None:
    ends_with_one_line(run(tmp_path, "sh", "-c", PROCFILE[process], **MISSING[name]), name)


@pytest.mark.parametrize(
    "command", [["check"], ["bootstrap", "--link"], ["help"], ["restored"]], ids=" ".join
)
def test_so_does_every_command(command: list[str], tmp_path: Path) -> None:
    ends_with_one_line(
        run(tmp_path, sys.executable, "manage.py", *command, DATABASE_URL=None), "DATABASE_URL"
    )


@pytest.mark.long
def test_a_host_with_a_disk_says_so(tmp_path: Path) -> None:
    own_disk = {
        "FLOWWEB_DATA": str(tmp_path / "data"),
        "AWS_STORAGE_BUCKET_NAME": None,
        "DATABASE_URL": f"sqlite:///{tmp_path}/data/flowweb.sqlite3",
    }
    assert str(read(tmp_path, **own_disk)["store"]).endswith("FileSystemStorage")


def test_a_database_that_is_away_is_one_line_of_the_release(tmp_path: Path) -> None:
    ends_with_one_line(run(tmp_path, "sh", "-c", PROCFILE["release"]), "the database can't be used")


# A wrong value of any variable in README's table.

WRONG = {
    "SECRET_KEY": ["short"],
    "FIELD_KEYS": ["k1:short", "nonsense", ","],
    "PUBLIC_URL": [
        "music.example.com",
        "https://music.example.com/studio",
        "http://music.example.com",
        "https://",
    ],
    "DATABASE_URL": [
        "mysql://localhost/songs",
        "postgres://mara:pw@db.example.com:port/songs",
        "postgres://mara:pw@db.example.com/songs?connection_limit=1",
        "postgres://mara:pw@db.example.com/songs?pgbouncer=perhaps",
        "postgres://mara:pw@db.example.com/songs?sslmode=verify-full",
        "postgres://mara:pw@db.example.com/",
        "nonsense",
    ],
    "REDIS_URL": [
        "memory://",
        "redis://",
        "redis://redis.example.com/songs",
        "redis://redis.example.com?speed=9",
    ],
    "AWS_STORAGE_BUCKET_NAME": ["https://s3.example.com/songs"],
    "AWS_S3_ENDPOINT_URL": ["s3.example.com"],
    "AWS_S3_REGION_NAME": ["Frankfurt am Main"],
    "FLOWWEB_DATA": ["/proc/nowhere", "/etc/hostname"],
    "TRUST_PROXY": ["perhaps"],
    "INSECURE_HTTP": ["perhaps"],
    "WEBHOOKS": ["perhaps"],
    "EMAIL_URL": ["pigeon://loft", "nonsense"],
    "EMAIL_FROM": ["the studio"],
    # One of the three without the others.
    "OIDC_ISSUER": ["https://login.example.com"],
    "OIDC_CLIENT_ID": ["flowweb"],
    "OIDC_CLIENT_SECRET": ["flowweb"],
    "SENTRY_DSN": ["nonsense"],
    "PORT": ["eighty", "0", "65536", "80.5"],
    "WEB_CONCURRENCY": ["auto", "0", "-1", "1.5"],
    "WEB_THREADS": ["auto", "0", "1"],
    "WORKER_THREADS": ["auto", "0", "1"],
    "SLOW_THREADS": ["auto", "0", "1"],
    "USEAPI_BASE_URL": ["api.useapi.net", "https://a:pw@api.useapi.net"],
    "MUSICAPI_BASE_URL": ["ftp://api.musicapi.ai"],
}
# Texts of which only their maker knows whether they are right.
ANY_TEXT = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


def test_no_variable_of_the_table_is_left_out() -> None:
    assert WRONG.keys() | ANY_TEXT == TABLE


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_a_wrong_value_is_one_line(name: str, value: str, tmp_path: Path) -> None:
    more = {"PUBLIC_URL": "http://music.example.com"} if name == "INSECURE_HTTP" else {}
    done = run(tmp_path, sys.executable, "-c", "import flowweb.settings_check", **more | {name: value})
    ends_with_one_line(done, name)


# What a start says although nothing stops it.


def said_at_start(folder: Path, **changes: str | None) -> str:
    done = run(folder, sys.executable, "-c", "import flowweb.settings_check", **changes)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_a_start_with_everything_says_nothing(tmp_path: Path) -> None:
    assert said_at_start(tmp_path) == ""


@pytest.mark.long
def test_plain_http_is_allowed_in_so_many_words_and_said(tmp_path: Path) -> None:
    said = said_at_start(tmp_path, PUBLIC_URL="http://studio.internal:8080", INSECURE_HTTP="on")
    assert re.fullmatch(r"flowweb: INSECURE_HTTP is on: .*http://studio\.internal:8080.*\n", said)
    known = read(tmp_path, PUBLIC_URL="http://studio.internal:8080", INSECURE_HTTP="on")
    assert known["cookies"] == ["sessionid", "csrftoken", "messages"], (
        "a browser takes no secure cookie over http"
    )
    assert known["hosts"] == ["studio.internal:8080"]


@pytest.mark.long
def test_a_redis_without_a_password_on_another_host_is_said(tmp_path: Path) -> None:
    said = said_at_start(tmp_path, REDIS_URL="redis://redis.example.com:6379")
    assert re.fullmatch(r"flowweb: REDIS_URL has no password.*\n", said)
    assert said_at_start(tmp_path, REDIS_URL="redis://127.0.0.1:6379") == ""


# What is read.


def test_what_is_hosted_by_default_is_safe(tmp_path: Path) -> None:
    known = read(tmp_path)
    assert known["broker"] == {"ssl_cert_reqs": "2", "ssl_check_hostname": "True"}, (
        "it must show its certificate"
    )
    assert str(known["mail"]).endswith("dummy.EmailBackend"), "no reset link is written into a log"
    assert known["proxies"] == 1, "behind a proxy everybody has an own limit of sign-ins"
    assert known["threads"] is False, "a file goes to the store part by part"
    assert known["cookies"] == ["__Host-sessionid", "__Host-csrftoken", "__Host-messages"]
    assert known["hosts"] == ["music.example.com"]


def test_all_processes_together_fit_eighteen_connections(tmp_path: Path) -> None:
    """One a thread; beat has none, and a command beside them takes one."""
    processes, threads, worker, slow = read(tmp_path)["connections"]  # type: ignore[misc]
    assert processes * threads + worker + slow + 1 <= 18
    assert not re.search(r"(?:^|\s)(?:-c \d|--threads|--concurrency|--workers)", "\n".join(PROCFILE.values()))


def test_a_start_calls_the_command_that_collects_only_what_has_changed() -> None:
    """What it does: tests/test_static.py."""
    assert PROCFILE["web"].startswith("python manage.py collectstatic --noinput --verbosity 0 && ")
    assert get_commands()["collectstatic"] == "flowweb"


@pytest.mark.django_db
def test_a_file_that_nobody_asked_for_is_not_kept(rf: RequestFactory) -> None:
    big = SimpleUploadedFile("big.bin", b"x" * 4_000_000)
    request = rf.post("/auth/login/", {"login": "x@example.com", "file": big})
    assert request.POST["login"] == "x@example.com"
    assert list(request.FILES) == []
