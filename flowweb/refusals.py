"""A refusal is an answer, not a fault: it takes one line of the log."""

import logging

from django.core.exceptions import PermissionDenied


class OneLine(logging.Filter):
    """Takes the traceback from what Django writes about a 403."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], PermissionDenied):
            record.exc_info = None
        return True
