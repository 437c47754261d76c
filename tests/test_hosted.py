"""Settings of a hosted site, read by a process of its own."""

import json
import os
import subprocess
import sys

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from tests import variables

HOSTED = {
    **variables.SECRETS,
    "FLOWWEB_LOCAL": "off",
    "PUBLIC_URL": "https://music.example.com",
    "TRUST_PROXY": "on",
    "DATABASE_URL": "sqlite://:memory:",
}
READ = """
import json, django
from django.conf import settings
django.setup()
from flowweb.celery import app
ssl = app.connection_for_write().ssl
print(json.dumps({
    "broker": {name: str(value) for name, value in ssl.items()} if ssl else None,
    "mail": settings.EMAIL_BACKEND,
    "threads": getattr(settings.STORAGES["default"].get("OPTIONS", {}).get("transfer_config"), "use_threads", None),
    "proxies": settings.ALLAUTH_TRUSTED_PROXY_COUNT,
}))
"""


def read(folder: object, **more: str) -> dict[str, object]:
    environment = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "flowweb.settings"} | HOSTED | more
    done = subprocess.run(
        [sys.executable, "-c", READ],
        env=environment | {"FLOWWEB_DATA": str(folder)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


def test_a_broker_behind_tls_must_show_its_certificate(tmp_path: object) -> None:
    broker = read(tmp_path, REDIS_URL="rediss://:pw@redis.example.com:6380")["broker"]
    assert broker == {"ssl_cert_reqs": "2", "ssl_check_hostname": "True"}  # ssl.CERT_REQUIRED


def test_without_a_mail_server_no_reset_link_is_written_into_a_log(tmp_path: object) -> None:
    assert str(read(tmp_path, REDIS_URL="redis://redis.example.com")["mail"]).endswith("dummy.EmailBackend")


def test_behind_a_proxy_everybody_has_an_own_limit_of_sign_ins(tmp_path: object) -> None:
    assert read(tmp_path, REDIS_URL="redis://redis.example.com")["proxies"] == 1


def test_a_file_goes_to_the_store_part_by_part(tmp_path: object) -> None:
    store = {"AWS_STORAGE_BUCKET_NAME": "songs", "AWS_S3_REGION_NAME": "eu-central-1"}
    assert read(tmp_path, REDIS_URL="redis://redis.example.com", **store)["threads"] is False


@pytest.mark.django_db
def test_a_file_that_nobody_asked_for_is_not_kept(rf: RequestFactory) -> None:
    big = SimpleUploadedFile("big.bin", b"x" * 4_000_000)
    request = rf.post("/auth/login/", {"login": "x@example.com", "file": big})
    assert request.POST["login"] == "x@example.com"
    assert list(request.FILES) == []
