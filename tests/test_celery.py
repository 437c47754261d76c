"""What flowweb relies on and leaves to Celery's defaults (flowweb/settings.py)."""

from flowweb.celery import app


def test_messages_are_json_alone() -> None:
    assert set(app.conf.accept_content) == {"json"}
    assert app.conf.task_serializer == "json"


def test_a_message_is_taken_before_its_work_begins() -> None:
    """A worker that dies must not make the next one do it again unasked: the sweep knows what is due."""
    assert not app.conf.task_acks_late


def test_times_are_utc() -> None:
    assert str(app.timezone) == "UTC"


def test_what_has_no_route_goes_to_the_queue_that_the_workers_read() -> None:
    assert app.conf.task_default_queue == "celery"
