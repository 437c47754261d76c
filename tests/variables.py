"""The variables that the tests run under: made-up secrets, a folder of their own, an unreachable remote side.

Nothing of the shell that starts the tests gets in, except a DATABASE_URL that names a Postgres.
"""

import os
import tempfile
from pathlib import Path

# Under pytest-xdist each process has its own name, and so its own folder, Redis and database.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")

SECRETS = {
    "SECRET_KEY": "only-for-tests-8c1f0e6f7a4b4b7f9d3a5e2c6b1d0f9e8a7c6b5d",
    # 32 bytes that anybody can read: they protect nothing.
    "FIELD_KEYS": "k1:b25seS1mb3ItdGVzdHMtMzItYnl0ZXMtbG9uZy1rZXk=",
}

# Settings that a person's shell may hold, and that would change what the tests mean.
_FOREIGN = (
    "AWS_STORAGE_BUCKET_NAME",
    "AWS_S3_ENDPOINT_URL",
    "AWS_S3_REGION_NAME",
    "EMAIL_FROM",
    "EMAIL_URL",
    "FLOWWEB_START",
    "INSECURE_HTTP",
    "OIDC_CLIENT_ID",
    "OIDC_CLIENT_SECRET",
    "OIDC_ISSUER",
    "PORT",
    "SANDBOX_URL",
    "SENTRY_DSN",
    "SLOW_THREADS",
    "TRUST_PROXY",
    "WEBHOOKS",
    "WEB_CONCURRENCY",
    "WEB_THREADS",
    "WORKER_THREADS",
)


def make_folder() -> Path:
    """A private folder for this process's files; the caller removes it."""
    return Path(tempfile.mkdtemp(prefix=f"flowweb-{WORKER}-"))


def use(folder: Path) -> None:
    """Sets everything in os.environ, before Django reads its settings."""
    for name in _FOREIGN:
        os.environ.pop(name, None)
    os.environ |= {
        **SECRETS,
        "FLOWWEB_LOCAL": "on",
        "FLOWWEB_DATA": str(folder),
        "PUBLIC_URL": "http://testserver",
        "REDIS_URL": f"unix://{folder / 'redis.sock'}",
        # Nothing listens on "discard": a call that a test forgot to point at the sandbox is refused.
        "USEAPI_BASE_URL": "http://127.0.0.1:9",
        "MUSICAPI_BASE_URL": "http://127.0.0.1:9",
    }
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        os.environ["DATABASE_URL"] = f"sqlite:///{folder / 'flowweb.sqlite3'}"
