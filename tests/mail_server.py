"""A mail server in miniature on a real socket: plain, with STARTTLS, or with TLS from the first byte."""

import datetime
import ipaddress
import socket
import ssl
import threading
from contextlib import ExitStack, suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class MailServer:
    """`refuses`: so many mails first. What it took is in `mails`, what it was told in `said`."""

    def __init__(self, folder: Path, *, tls: str = "", refuses: int = 0) -> None:
        self.certificate = folder / "certificate.pem"
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*_certificate(folder))
        self._tls, self.refuses = tls, refuses
        self.mails: list[str] = []
        self.said: list[str] = []
        self.was_encrypted: list[bool] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with suppress(OSError), ExitStack() as open_here:
                self._serve(connection, open_here)

    def _serve(self, connection: socket.socket, open_here: ExitStack) -> None:
        open_here.enter_context(connection)
        if self._tls == "ssl":
            connection = open_here.enter_context(self._context.wrap_socket(connection, server_side=True))
        connection.sendall(b"220 ready\r\n")
        lines = open_here.enter_context(connection.makefile("rb"))
        while line := lines.readline():
            word = line.decode().strip()
            self.said.append(word)
            verb = word.partition(" ")[0].upper()
            if verb == "EHLO":
                offers = "250-STARTTLS\r\n" if self._tls == "tls" else ""
                connection.sendall(f"250-here\r\n{offers}250 8BITMIME\r\n".encode())
            elif verb == "STARTTLS":
                connection.sendall(b"220 go on\r\n")
                lines.close()
                connection = open_here.enter_context(self._context.wrap_socket(connection, server_side=True))
                lines = open_here.enter_context(connection.makefile("rb"))
            elif verb == "DATA":
                connection.sendall(b"354 go on\r\n")
                self._take(connection, lines)
            elif verb == "QUIT":
                connection.sendall(b"221 bye\r\n")
                return
            else:
                connection.sendall(b"250 ok\r\n")

    def _take(self, connection: socket.socket, lines: object) -> None:
        text = ""
        while (line := lines.readline().decode()) != ".\r\n":  # type: ignore[attr-defined]
            text += line
        if self.refuses:
            self.refuses -= 1
            connection.sendall(b"451 later\r\n")
            return
        self.mails.append(text)
        self.was_encrypted.append(isinstance(connection, ssl.SSLSocket))
        connection.sendall(b"250 taken\r\n")


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(here, critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate, private
