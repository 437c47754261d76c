"""The site as gunicorn calls it."""

from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters

import flowweb.settings_check  # noqa: F401 - before Django reads the settings


class Request(WSGIRequest):
    """Django's reads the address by whatever encoding the other side names, before anything could refuse it."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        # What is named there is looked at by the gate (flowweb/host_check.py); what passes is UTF-8.
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))


class Handler(WSGIHandler):
    request_class = Request


django.setup(set_prefix=False)
application = Handler()
