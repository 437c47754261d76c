"""Mails of our own words: in plain text, their subject in one line whatever is in it."""

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string

from apps.one_line import clean

# Backends by which nothing reaches anybody.
_NO_MAIL = {f"django.core.mail.backends.{name}.EmailBackend" for name in ("console", "dummy")}


def mail_is_set_up() -> bool:
    return settings.EMAIL_BACKEND not in _NO_MAIL


def send(name: str, *, to: str, subject: str, words: dict[str, object]) -> None:
    """`name`: of the template, without its ending; `words` are what it shows."""
    body = render_to_string(
        f"accounts/email/{name}_message.txt", {**words, "current_site": {"domain": settings.PUBLIC.netloc}}
    )
    send_mail(clean(subject), body, None, [to])
