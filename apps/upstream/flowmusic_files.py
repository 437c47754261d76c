"""Reference files: uploads from here, and images made there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO

from apps.upstream.deadline import Deadline
from apps.upstream.exchange import FileBody
from apps.upstream.flowmusic_calls import SERVICE, Calls, accepted, given, made_record
from apps.upstream.operation_messages import IMAGE, UPLOAD
from apps.upstream.records import AssetRecord


class Files(Calls):
    """Everything below /files."""

    def upload(
        self,
        file: BinaryIO,
        *,
        size: int,
        content_type: str,
        email: str,
        strip_metadata: bool | None = None,
        deadline: Deadline,
    ) -> AssetRecord:
        """Send a picture or an audio file to an account, once (post-flowmusic-files.md).

        `size` bytes of `file` from where it stands, streamed; its caller closes it. `content_type` is one of the
        page's. Raises Rejected (too large, another kind than it says, marked), Declined (a JSON 500), TokenRefused,
        SubscriptionEnded, OutOfCredits, AccountBroken, Busy, NotSent or OutcomeUnknown.
        """
        params = {"email": email}  # encoded by requests: a bare + in a query is a space
        if strip_metadata is not None:
            params["stripMetadata"] = "true" if strip_metadata else "false"
        response = self._transport.upload(
            f"{self.endpoint}/files",
            FileBody(file, size, content_type),
            auth=self._token,
            params=params,
            deadline=deadline,
            service=SERVICE,
            lost=UPLOAD.lost,
        )
        return made_record(accepted(response, UPLOAD), AssetRecord.parse, UPLOAD)

    def generate_image(self, params: Mapping[str, object], *, deadline: Deadline) -> AssetRecord:
        """Have a picture made of words, once (post-flowmusic-files-generate.md). Takes 10 to 20 s.

        Raises what `upload` raises.
        """
        response = self._write("/files/generate", IMAGE, deadline, json=given(params))
        return made_record(response, AssetRecord.parse, IMAGE)
