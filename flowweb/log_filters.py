"""A refusal is an answer, not a fault: it takes one line of the log."""

import logging

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import UnreadablePostError
from django.http.multipartparser import MultiPartParserError

# The last one: the other side left while it was sending.
REFUSED = (PermissionDenied, SuspiciousOperation, BadRequest, MultiPartParserError, UnreadablePostError)


class OneLine(logging.Filter):
    """Takes the traceback from what Django writes about a request that it did not take."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], REFUSED):
            if record.levelno > logging.WARNING:
                record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
            record.exc_info = None
        return True


class SignedOut(logging.Filter):
    """A page whose session has ended asks until somebody signs in again: no fault, and no line each time."""

    def filter(self, record: logging.LogRecord) -> bool:
        return getattr(record, "status_code", None) != 401
