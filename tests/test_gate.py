"""What every request goes through: one name for the site, readable forms, one line in the log for what is refused."""

import importlib
import io
import logging
from collections.abc import Iterator
from contextlib import closing

import pytest
from django.core import mail
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from apps.accounts.models import User

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"
SIGN_IN = "/auth/login/"
SPELLINGS = [
    "testserver:80",
    "testserver:8443",
    "TESTSERVER",
    "testserver.",
    "evil.example",
    "testserver.evil.example",
    "127.0.0.1",
    "localhost:9",
    "",
    "a b",
    "testserver,evil.example",
    "user@testserver",
]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the site writes, as it writes it."""
    importlib.import_module("flowweb.wsgi")  # sets up the log
    (handler,) = [each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler]
    written = io.StringIO()
    before = handler.setStream(written)
    yield written
    handler.setStream(before)


@pytest.fixture
def visitor() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("host", SPELLINGS)
@pytest.mark.parametrize(
    "path", [SIGN_IN, "/", "/jobs/panel/", "/hooks/x/", "/static/js/theme.js", "/healthz/"]
)
def test_only_the_sites_own_name_is_answered(visitor: Client, log: io.StringIO, path: str, host: str) -> None:
    answer = visitor.get(path, headers={"Host": host})
    assert answer.status_code == 400
    assert "This can’t be read." in answer.content.decode()
    assert log.getvalue().count("\n") == 1, log.getvalue()


@pytest.mark.parametrize("host", [*SPELLINGS, "10.1.2.3:8000", "probe.platform.example"])
def test_probes_are_answered_whatever_they_call_the_site(visitor: Client, host: str) -> None:
    assert visitor.get("/healthz", headers={"Host": host}).content == b"ok"
    assert visitor.get("/readyz", headers={"Host": host}).content.startswith(b"ready")


@pytest.mark.parametrize("host", ["testserver", "127.0.0.1:8000", "localhost:8000"])
def test_on_one_machine_loopback_is_a_name_too(visitor: Client, host: str) -> None:
    assert visitor.get(SIGN_IN, headers={"Host": host}).status_code == 200


def test_no_other_spelling_reaches_a_reset_mail_or_a_fresh_limit(visitor: Client) -> None:
    User.objects.create_user("mara@nightbus.example", "last ferry home")
    for host in SPELLINGS:
        form = {"email": "mara@nightbus.example"}
        assert visitor.post("/auth/password/reset/", form, headers={"Host": host}).status_code == 400
    assert mail.outbox == []


def ask(method: str, body: bytes, content_type: str, query: str) -> tuple[str, str]:
    """As gunicorn does: the answer's status line and its page."""
    environ = RequestFactory()._base_environ(
        REQUEST_METHOD=method,
        PATH_INFO=SIGN_IN,
        QUERY_STRING=query,
        CONTENT_TYPE=content_type,
        CONTENT_LENGTH=str(len(body)),
        HTTP_COOKIE=f"csrftoken={'c' * 32}",
        **{"wsgi.input": io.BytesIO(body)},
    )
    said: list[str] = []
    # Not at the top: it looks for the static files, which are there when a test runs.
    application = importlib.import_module("flowweb.wsgi").application
    with closing(application(environ, lambda status, _headers: said.append(status))) as answer:
        return said[0], b"".join(answer).decode()


REFUSED = {
    "an encoding that hides signs": (f"{FORM}; charset=utf-7", b"login=%2BADw-", ""),
    "an encoding that is none": (f"{FORM}; charset=hex", b"login=x", ""),
    "an encoding that nobody knows": (f"{FORM}; charset=klingon", b"login=x", ""),
    "a form of parts in another encoding": (
        "multipart/form-data; boundary=x; charset=base64",
        b'--x\r\nContent-Disposition: form-data; name="login"\r\n\r\nx\r\n--x--\r\n',
        "",
    ),
    "a form of parts without a boundary": ("multipart/form-data", b"login=x", ""),
    "too many fields": (FORM, b"&".join(b"a%d=1" % number for number in range(1001)), ""),
    "too many fields in the address": (FORM, b"", "&".join(f"a{number}=1" for number in range(1001))),
    "a body that is too large": (FORM, b"login=" + b"x" * 2_000_000, ""),
}


# By GET where it concerns the address, too: Django reads that by the encoding that is named.
KINDS = [(kind, "POST") for kind, (_content_type, _body, query) in REFUSED.items() if not query] + [
    (kind, "GET")
    for kind, (content_type, _body, query) in REFUSED.items()
    if "charset" in content_type or query
]


@pytest.mark.parametrize(("kind", "method"), KINDS)
def test_what_cant_be_read_is_a_clean_400_and_one_line(log: io.StringIO, kind: str, method: str) -> None:
    content_type, body, query = REFUSED[kind]
    status, page = ask(method, body, content_type, query)
    assert status == "400 Bad Request"
    assert "This can’t be read." in page
    assert log.getvalue().count("\n") == 1, log.getvalue()
    assert log.getvalue().startswith("WARNING")


@pytest.mark.parametrize(
    ("address", "length"), [("/library/files/upload/", 10**12), ("/auth/login/", 3 * 1024 * 1024)]
)
def test_a_body_larger_than_any_upload_or_form_is_not_read(
    visitor: Client, log: io.StringIO, address: str, length: int
) -> None:
    answer = visitor.post(address, data="x", content_type=FORM, CONTENT_LENGTH=str(length))
    assert answer.status_code == 413
    assert "This is too large." in answer.content.decode()
    assert log.getvalue().count("\n") == 1, log.getvalue()


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", "us-ascii"])
def test_what_browsers_send_is_taken(charset: str) -> None:
    status, _page = ask("GET", b"", f"{FORM}; charset={charset}", "next=/")
    assert status == "200 OK"


# What every answer says.


@pytest.fixture
def mara() -> Client:
    client = Client()
    client.force_login(User.objects.create_user("mara@nightbus.example", "last ferry home"))
    return client


@pytest.mark.parametrize("path", ["/settings/tokens/", "/nowhere/", "/auth/email/", "/"])
def test_pages_of_signed_in_people_are_kept_nowhere(mara: Client, path: str) -> None:
    answer = mara.get(path)
    assert "no-store" in answer.headers["Cache-Control"]
    assert "private" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/healthz", "/static/js/theme.js", SIGN_IN, "/nowhere/"])
def test_every_answer_allows_nothing_that_isnt_used(path: str) -> None:
    answer = Client().get(path)
    assert "microphone=()" in answer.headers["Permissions-Policy"]
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_refused_host_gets_them_too(visitor: Client) -> None:
    assert "Permissions-Policy" in visitor.get("/", headers={"Host": "evil.example"}).headers


def test_what_is_for_everybody_says_itself_how_long_it_may_be_kept(mara: Client) -> None:
    with closing(mara.get("/favicon.ico")) as answer:
        assert "no-store" not in answer.headers["Cache-Control"]


def test_the_site_has_one_name_also_as_a_setting(settings: Settings) -> None:
    settings.SITE_HOSTS = frozenset({"music.example.com"})
    settings.ALLOWED_HOSTS = ["music.example.com"]
    hosts = {
        "music.example.com": 200,
        "music.example.com:443": 400,
        "Music.example.com": 400,
        "127.0.0.1:8000": 400,
    }
    for host, status in hosts.items():
        assert Client().get(SIGN_IN, headers={"Host": host}).status_code == status
