"""Error reports to Sentry, where SENTRY_DSN is set: what happened and where, never with what data.

No variables of frames (a token may be in one), no bodies, no trace headers to the remote APIs. Cookies, addresses
and names of people stay out as long as nobody sets `send_default_pii`.
"""

from typing import Any

import sentry_sdk
from sentry_sdk.utils import BadDsn

from flowweb.env import SettingError
from flowweb.log_redaction import redact_all


def start(dsn: str) -> None:
    """Raises SettingError for something that isn't a DSN."""
    try:
        sentry_sdk.init(**options(dsn))
    except BadDsn:
        raise SettingError("SENTRY_DSN must be like https://key@host/number, as Sentry shows it.") from None


def options(dsn: str) -> dict[str, Any]:
    return {
        "dsn": dsn,
        "include_local_variables": False,
        "max_request_body_size": "never",
        "trace_propagation_targets": [],
        "auto_session_tracking": False,
        "before_send": lambda event, _hint: redact_all(event),
        "before_breadcrumb": _keep,
    }


def _keep(breadcrumb: dict[str, Any], _hint: object) -> dict[str, Any] | None:
    """Not the calls of the HTTP client (links of media are signed) nor the commands for Redis."""
    return None if breadcrumb.get("type") in {"http", "redis"} else breadcrumb
