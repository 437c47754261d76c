"""Messages are hints: a page doesn't fail because one can't be sent."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from celery import current_app

from apps.wake import wake


def test_a_broker_that_is_down_fails_no_request(
    db: None, django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[list[object]]]
) -> None:
    before = current_app.conf.broker_url
    current_app.conf.broker_url = "redis+socket:///nowhere/redis.sock"
    try:
        with django_capture_on_commit_callbacks(execute=True) as callbacks:
            wake("generation.dispatch", 1)
        assert len(callbacks) == 1
    finally:
        current_app.conf.broker_url = before
