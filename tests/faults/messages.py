"""The messages that wait in the broker: taken out by hand, so that a test can lose, repeat or mix them."""

from dataclasses import dataclass

from celery import current_app
from kombu.simple import SimpleQueue

QUEUES = ("celery", "slow")


@dataclass(frozen=True)
class Message:
    task: str
    ids: tuple[object, ...]

    def run(self) -> None:
        """What a worker does with it."""
        current_app.tasks[self.task].run(*self.ids)


def take() -> list[Message]:
    """All that wait now, the oldest first in each queue; they are gone then."""
    found = []
    with current_app.connection_for_read() as connection:
        for name in QUEUES:
            found += _empty(connection.SimpleQueue(name))
    return found


def _empty(queue: SimpleQueue) -> list[Message]:
    found = []
    try:
        while True:
            message = queue.get(block=False)
            message.ack()
            found.append(Message(message.headers["task"], tuple(message.payload[0])))
    except SimpleQueue.Empty:
        return found
    finally:
        queue.close()
