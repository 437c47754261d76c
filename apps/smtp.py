"""The mail server, on connections that end: a server that says nothing, or a byte now and then, holds no worker."""

import smtplib
import ssl
from typing import Any

from django.core.mail.backends.smtp import EmailBackend

from apps.socket_deadlines import Pace, paced

SESSION_S = 30.0  # all of it, and besides the time that a long mail takes


class _PacedSMTP:
    """Before a kind of client: its session has its time."""

    sock: Any
    pace: Pace

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        self.pace = Pace(SESSION_S)
        return paced(super()._get_socket(host, port, timeout), self.pace)  # type: ignore[misc]

    def starttls(self, **options: Any) -> Any:
        answer = super().starttls(**options)  # type: ignore[misc]
        if isinstance(self.sock, ssl.SSLSocket):
            self.sock = paced(self.sock, self.pace)
        return answer


class PacedSMTP(_PacedSMTP, smtplib.SMTP):  # type: ignore[misc]
    pass


class PacedSMTPS(_PacedSMTP, smtplib.SMTP_SSL):  # type: ignore[misc]
    pass


class Backend(EmailBackend):
    """Django's own, with these clients."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return PacedSMTPS if self.use_ssl else PacedSMTP
