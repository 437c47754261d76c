"""Where audio, covers and uploads are: files of this host, or an S3-compatible store with short-lived links."""

import importlib
import re
from typing import Any

from flowweb import env
from flowweb.env import SettingError

FILES = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
_PART = 5 * 1024 * 1024


def bucket() -> str:
    """ "" for none."""
    name = env.text("AWS_STORAGE_BUCKET_NAME", "")
    if name and not re.fullmatch(r"[A-Za-z0-9._-]{1,255}", name):
        raise SettingError("AWS_STORAGE_BUCKET_NAME must be the name of a bucket, without an address.")
    return name


def storage(bucket: str) -> dict[str, Any]:
    """Django's dictionary of the store; boto3 is loaded only where there is a bucket, as it takes a while."""
    if not bucket:
        return FILES
    transfer = importlib.import_module("boto3.s3.transfer")
    botocore = importlib.import_module("botocore.config")
    return {
        "BACKEND": "apps.object_storage.Store",
        "OPTIONS": {
            "bucket_name": bucket,
            "endpoint_url": endpoint() or None,
            "region_name": region() or None,
            "querystring_auth": True,
            "querystring_expire": 600,
            "file_overwrite": False,
            "max_memory_size": 1024 * 1024,  # a WAV that is read goes over a file, not through the memory
            "default_acl": None,
            # Two attempts within ten seconds (apps/object_storage.py): by itself it makes five, a minute each.
            "client_config": botocore.Config(
                connect_timeout=3, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 2}
            ),
            # One part at a time: by itself it holds ten of them in memory.
            "transfer_config": transfer.TransferConfig(multipart_chunksize=_PART, use_threads=False),
        },
    }


def endpoint() -> str:
    return env.url("AWS_S3_ENDPOINT_URL", "")


def region() -> str:
    name = env.text("AWS_S3_REGION_NAME", "")
    if not re.fullmatch(r"[a-z0-9-]*", name):
        raise SettingError("AWS_S3_REGION_NAME must be like eu-central-1, in small letters.")
    return name


def origins(bucket: str) -> list[str]:
    """Where the store's links lead: its own address, or the bucket's at Amazon."""
    own = endpoint()
    if not bucket or own:
        return [env.origin(own)] if bucket else []
    hosts = [f"{bucket}.s3.amazonaws.com", f"{bucket}.s3.{region()}.amazonaws.com" if region() else ""]
    return [f"https://{host}" for host in hosts if host]
