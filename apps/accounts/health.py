"""For the host: is the process alive, and can it serve."""

import logging

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Asks nothing of the database: a database that is down isn't mended by a restart."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when database and cache answer, else 503 that names what doesn't."""
    missing = [name for name, answers in (("database", _database), ("cache", _cache)) if not answers()]
    if missing:
        return HttpResponse(f"no {', '.join(missing)}", status=503, content_type="text/plain")
    return HttpResponse("ready", content_type="text/plain")


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        logger.warning("database does not answer: %s", type(error).__name__)
        return False
    return True


def _cache() -> bool:
    try:
        cache.get("ready")
    except (RedisError, OSError) as error:
        logger.warning("cache does not answer: %s", type(error).__name__)
        return False
    return True
