"""Sessions in the database that end after SESSION_COOKIE_AGE without use, and cookies that only this host can set."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage
from django.contrib.sessions.backends import db
from django.utils import timezone

# How much of its life a session may lose before it is written anew: a write with every request would be one every
# few seconds.
RENEWED_AFTER = timedelta(hours=1)


class SessionStore(db.SessionStore):
    def load(self) -> dict[str, Any]:
        row = self._get_session_from_db()  # type: ignore[attr-defined]  # the stubs don't know it
        if row is None:
            return {}
        data: dict[str, Any] = self.decode(row.session_data)
        longest: int = settings.SESSION_COOKIE_AGE
        age = row.expire_date - timezone.now()
        if age < timedelta(seconds=longest) - RENEWED_AFTER:
            self.modified = True
        if age > timedelta(seconds=longest):  # begun when sessions lasted longer
            data["_session_expiry"] = longest
            self.modified = True
        return data


class MessageCookie(CookieStorage):
    cookie_name = f"{settings.COOKIE_PREFIX}messages"


class Messages(FallbackStorage):
    storage_classes = (MessageCookie, SessionStorage)
