"""Inside TLS: the name is the URL's, the address is the checked one, certificates count, deadlines hold."""

from __future__ import annotations

import datetime
import io
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from apps.upstream import hosts, media, sockets
from apps.upstream.deadline import Deadline
from apps.upstream.errors import AddressRefused, NotSent, OutcomeUnknown, Rejected
from apps.upstream.flowmusic import FlowMusic
from apps.upstream.token import Token
from tests.upstream import scripted
from tests.upstream.scripted import Script, ScriptedServer

NAME = "songs.example"
SONG = b"song" * 50_000
TOO_LARGE = scripted.refuse_early(413, {"error": "file exceeds the size cap", "code": 413})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and self-signed certificate of NAME in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


class Site:
    """An https server as the public internet has it; counts the names that were asked of the resolver."""

    def __init__(self, server: ScriptedServer) -> None:
        self.server = server
        self.asked: list[str] = []
        self.sni: list[str | None] = []
        self.url = f"https://{NAME}:{server.port}"


@pytest.fixture
def site(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Site]:
    """Plays the scripts of the test's parameter; NAME resolves to it, and it counts as public."""
    script: Script = getattr(request, "param", None) or scripted.reply(200, SONG)
    read = script is not TOO_LARGE
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ScriptedServer(script, context=context, read=read) as server:
        found = Site(server)
        context.sni_callback = lambda _sock, name, _context: found.sni.append(name)

        def resolver(host: str, port: int, **_more: object) -> list[object]:
            found.asked.append(host)
            # The second answer of a rebinding name would lead elsewhere: nobody may ask for it.
            address = "127.0.0.1" if len(found.asked) == 1 else "127.0.0.99"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

        monkeypatch.setattr(socket, "getaddrinfo", resolver)
        monkeypatch.setattr(hosts, "is_public", lambda text: text == "127.0.0.1")
        trusting = ssl.create_default_context(cafile=str(certificate))
        trusting.sslsocket_class = sockets.TimedTLSSocket
        monkeypatch.setattr(sockets, "tls", lambda: trusting)
        yield found


@pytest.fixture
def flow(site: Site, token: Token) -> FlowMusic:
    return FlowMusic(f"{site.url}/v1/flowmusic", token)


def test_a_name_is_resolved_once_and_keeps_its_name(site: Site) -> None:
    to = io.BytesIO()
    media.fetch(f"{site.url}/a.m4a", to, deadline=Deadline(5), max_bytes=10**6)
    assert to.getvalue() == SONG
    assert site.asked == [NAME]
    assert site.sni == [NAME]
    assert f"Host: {NAME}:{site.server.port}".encode() in site.server.requests[0]


def test_a_name_that_turned_private_is_refused(site: Site) -> None:
    site.asked.append("before")
    with pytest.raises(AddressRefused):
        media.fetch(f"{site.url}/a.m4a", io.BytesIO(), deadline=Deadline(5), max_bytes=10**6)
    assert site.server.requests == []


@pytest.mark.parametrize(
    "site", [scripted.reply(201, {"jobid": "job:1", "status": "pending"})], indirect=True, ids=["fine"]
)
def test_a_song_is_asked_for(site: Site, flow: FlowMusic) -> None:
    assert flow.music({"prompt": "p" * 9000}, deadline=Deadline(5)).jobid == "job:1"
    assert site.server.requests[0].endswith(b'p"}')


@pytest.mark.long
@pytest.mark.parametrize(
    "site",
    [scripted.drop, scripted.reset, scripted.hang, scripted.drip(scripted.head(201) + b" " * 500)],
    indirect=True,
    ids=["drop", "reset", "hang", "drip"],
)
def test_lost_answers(site: Site, flow: FlowMusic) -> None:
    started = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        flow.music({"prompt": "p"}, deadline=Deadline(2.5))  # a busy machine needs a second to shake hands
    assert time.monotonic() - started < 10, "what hangs and drips does so for longer"
    assert len(site.server.requests) == 1


@pytest.mark.parametrize("site", [TOO_LARGE], indirect=True, ids=["413"])
def test_a_refusal_in_the_middle_of_a_file_is_heard(site: Site, flow: FlowMusic) -> None:
    size = 8_000_000
    with pytest.raises(Rejected, match="size cap"):
        flow.upload(
            io.BytesIO(bytes(size)), size=size, content_type="audio/wav", email="a@b.c", deadline=Deadline(10)
        )


def test_a_wrong_certificate_is_not_sent_to(
    site: Site, flow: FlowMusic, monkeypatch: pytest.MonkeyPatch
) -> None:
    untrusting = ssl.create_default_context()
    untrusting.sslsocket_class = sockets.TimedTLSSocket
    monkeypatch.setattr(sockets, "tls", lambda: untrusting)
    with pytest.raises(NotSent, match="certificate"):
        flow.music({"prompt": "p"}, deadline=Deadline(5))
    assert site.server.requests == []


def test_the_certificate_of_another_name(site: Site, token: Token) -> None:
    flow = FlowMusic(f"https://other.example:{site.server.port}/v1", token)
    with pytest.raises(NotSent, match="certificate"):
        flow.music({"prompt": "p"}, deadline=Deadline(5))


def test_a_handshake_that_hangs_is_not_sent(
    flow: FlowMusic, site: Site, token: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "CONNECT_S", 0.3)
    with ScriptedServer(scripted.hang, read=False) as server:
        plain = FlowMusic(f"https://{NAME}:{server.port}/v1", token)
        with pytest.raises(NotSent, match="in time"):
            plain.music({"prompt": "p"}, deadline=Deadline(5))


def test_plain_http_behind_https(site: Site, token: Token) -> None:
    with ScriptedServer(scripted.reply(200, b"hello"), read=False) as server:
        flow = FlowMusic(f"https://{NAME}:{server.port}/v1", token)
        with pytest.raises(NotSent, match="no secure connection"):
            flow.music({"prompt": "p"}, deadline=Deadline(5))


def test_the_context_verifies() -> None:
    context = sockets.tls()
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.sslsocket_class is sockets.TimedTLSSocket
    assert context.cert_store_stats()["x509_ca"] > 50
