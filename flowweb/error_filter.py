"""What Django's error reports (to ADMINS) say of a failed request: where it failed, not with what data."""

from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter


class NoVariables(SafeExceptionReporterFilter):
    """Leaves out every variable: one of the HTTP library's may hold the header with the token."""

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> ItemsView[str, Any]:
        return ItemsView({})

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        return {}
