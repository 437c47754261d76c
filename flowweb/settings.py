"""Every setting of flowweb. Values come from the environment (see README.md) and are checked as they are read.

`FLOWWEB_LOCAL=on` (set by `make run`) means one machine: plain http on loopback, files under FLOWWEB_DATA.
"""

import ssl
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from flowweb import env, hosting, openid, store
from flowweb.sign_in_settings import *  # noqa: F403
from flowweb.task_settings import *  # noqa: F403

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]
LOCAL = hosting.LOCAL
DATA_DIR = env.folder("FLOWWEB_DATA", BASE_DIR / "var")

SECRET_KEY = env.secret("SECRET_KEY", least=32 if LOCAL else 50)
FIELD_KEYS = env.field_keys("FIELD_KEYS")
DEBUG = False
PORT = env.integer("PORT", 8000, least=1, most=65535)
NOTICES = hosting.notices
LOCAL_START = env.text("FLOWWEB_START", "") if LOCAL else ""  # what a start knows its own processes by
PUBLIC_URL = hosting.public_url(PORT)
PUBLIC = urlsplit(PUBLIC_URL)
SECURE = PUBLIC.scheme == "https"

# The remote side. The sandbox is there only when the local start has started one.
USEAPI_BASE_URL = env.url("USEAPI_BASE_URL", "https://api.useapi.net")
MUSICAPI_BASE_URL = env.url("MUSICAPI_BASE_URL", "https://api.musicapi.ai")
SANDBOX_URL = env.url("SANDBOX_URL", "")
# Origins at which the operator's own settings allow plain http and private addresses.
OPERATOR_ORIGINS = frozenset(
    env.origin(address) for address in (USEAPI_BASE_URL, MUSICAPI_BASE_URL, SANDBOX_URL) if address
)
WEBHOOKS = env.flag("WEBHOOKS", default=SECURE)

SITE_HOSTS = hosting.site_hosts(PUBLIC_URL, PORT)  # letter by letter (flowweb/host_check.py)
ALLOWED_HOSTS = [urlsplit(f"//{host}").hostname or "" for host in SITE_HOSTS]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
ROOT_URLCONF = "flowweb.urls"
WSGI_APPLICATION = "flowweb.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "flowweb",  # for its collectstatic, which goes before Django's
    "apps.accounts",
    "apps.library",
    "apps.generation",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "apps.accounts.apps.SessionsConfig",  # allauth.usersessions
    "csp",
    "django_htmx",
]

MIDDLEWARE = [
    "flowweb.headers.Headers",
    "flowweb.host_check.Gate",
    "flowweb.queries.without_nul",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "flowweb.compression.CompressedPages",
    "csp.middleware.CSPMiddleware",
    "apps.accounts.service_errors.Outside",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "flowweb.time_zone.reader_time_zone",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.accounts.middleware.PartialRequests",
    "apps.accounts.middleware.FirstPassword",
    "apps.accounts.middleware.PasswordOnceMore",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["flowweb.template_loaders.Folders", "flowweb.template_loaders.Apps"],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.generation.context_processors.studio",
            ],
            "builtins": [
                f"apps.accounts.templatetags.{name}" for name in ("addresses", "icons", "formatting")
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS += ["django.forms"]

DATABASES = {"default": hosting.database_of(DATA_DIR)}

# One connection to the database a thread; what is hosted fits 18 by default: 2 × 4 + 5 + 4, and one for a command, or
# for the moment in which leases are renewed (apps/library/leases.py).
WEB_CONCURRENCY = env.integer("WEB_CONCURRENCY", 1 if LOCAL else 2, least=1, most=64)
WEB_THREADS = hosting.threads("WEB_THREADS", local=8, hosted=4)
WORKER_THREADS = hosting.threads("WORKER_THREADS", local=16, hosted=5)
SLOW_THREADS = hosting.threads("SLOW_THREADS", local=8, hosted=4)

# Broker and cache share one database of Redis, each under a prefix of its own. JSON in both: what somebody wrote there
# is read as data, and never run.
REDIS_URL = hosting.redis_of(DATA_DIR)
CACHES = {
    "default": {
        "BACKEND": "apps.cache.Cache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "flowweb:cache",
        "OPTIONS": {"serializer": "apps.cache.Json"},
    }
}

# Signing in
AUTH_USER_MODEL = "accounts.User"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14  # since it was last used (flowweb/sessions.py)

SESSION_ENGINE = "flowweb.sessions"
MESSAGE_STORAGE = "flowweb.sessions.Messages"

OIDC_ISSUER = openid.issuer()
OPENID_NAME = openid.name(OIDC_ISSUER)
SOCIALACCOUNT_PROVIDERS = openid.providers(OIDC_ISSUER)

# Safe by default; the local start has no https. A `__Host-` cookie can't come from a neighbour's host or over http.
COOKIE_PREFIX = "__Host-" if SECURE else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid", f"{COOKIE_PREFIX}csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if SECURE else 0
# Other sites may live beside this one under the same domain: what they need is not ours to decide.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# A PaaS ends TLS in front of us; trusted only where the operator says that a proxy sets this header.
if env.flag("TRUST_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    # Else everybody would share one limit of failed sign-ins: the proxy's.
    ALLAUTH_TRUSTED_PROXY_COUNT = 1

# Audio, covers and uploads
S3_BUCKET = hosting.bucket()
MEDIA_ROOT = DATA_DIR / "media"
FILE_UPLOAD_PERMISSIONS = 0o640
STORAGES = {
    "default": store.storage(S3_BUCKET),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# What browsers and phones look for at the top of a site, under these very names: icons and the manifest.
WHITENOISE_ROOT = BASE_DIR / "static" / "root"
WHITENOISE_MIMETYPES = {".webmanifest": "application/manifest+json"}
STATICFILES_FINDERS = [
    "flowweb.bundles.StaticFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
# Forms have no files in them: what comes as one is not kept, also not for the time of the request. The one address
# that takes files brings its own way (apps/generation/references/upload_stream.py).
FILE_UPLOAD_HANDLERS = ["flowweb.upload_handlers.NoFiles"]

# Nothing inline, nothing from elsewhere; media may come from the store's own host by a presigned link. A take that is
# not saved yet is heard where the remote side keeps it, whatever host that is: by https, and by http where the operator
# says so (docs/decisions/play-before-saved.md).
_MEDIA = [SELF, "blob:", *store.origins(S3_BUCKET)]
_REMOTE_AUDIO = ["https:", *sorted(origin for origin in OPERATOR_ORIGINS if origin.startswith("http://"))]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": _MEDIA,
        "media-src": [*_MEDIA, *_REMOTE_AUDIO],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        # The button that leads to who vouches is a form, and browsers look at where its answer leads.
        "form-action": [SELF, *filter(None, [env.origin(OIDC_ISSUER)])],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# Celery: how messages travel. What is done with them, and when, stands in flowweb/task_settings.py.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
if REDIS_URL.startswith("rediss://"):  # unasked, Celery's transport would take any certificate
    CELERY_BROKER_USE_SSL = {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 30,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "global_keyprefix": "flowweb:queue:",
}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

for _name, _value in env.email("EMAIL_URL", "console:" if LOCAL else "dummy:").items():
    globals()[_name] = _value
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.sender("EMAIL_FROM", f"flowweb@{PUBLIC.hostname}")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "flowweb.log_redaction.Line", "format": "{levelname} {name} {message}", "style": "{"},
    },
    "filters": {
        "refusals": {"()": "flowweb.log_filters.OneLine"},
        "signed out": {"()": "flowweb.log_filters.SignedOut"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["refusals", "signed out"],
        }
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    # Request lines of the HTTP library could show addresses of media and webhooks.
    "loggers": {
        "urllib3": {"level": "WARNING"},
        "botocore": {"level": "WARNING"},
    },
}
DEFAULT_EXCEPTION_REPORTER_FILTER = "flowweb.error_filter.NoVariables"
SENTRY_DSN = env.text("SENTRY_DSN", "")
if SENTRY_DSN:
    # Here and not above: it takes a while to load, and most sites have none.
    from flowweb import sentry

    sentry.start(SENTRY_DSN)
