"""Signs of life: as long as a process works on an answer, it says so in the database every ten seconds.

Without them a question whose process died would bar its conversation for as long as the slowest answer may take. They
come from a thread: comparing words, or a model in this process, may keep an event loop busy for longer.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from resources.database.repositories.answers import ALIVE_EVERY, say_alive
from resources.installation import Installation
from resources.observe.logs import get_logger

_log = get_logger("answers")


@contextmanager
def alive(installation: Installation, tenant: str, answer_id: UUID) -> Iterator[None]:
    """While inside, this answer is being worked on. A sign that cannot be given is tried again at the next."""
    over = threading.Event()

    def say() -> None:
        while True:
            try:
                with installation.database.transaction(tenant) as session:
                    if not say_alive(session, answer_id):
                        return
            except Exception as error:  # the database is away, say
                _log.warning("answer_not_alive", answer=str(answer_id), error=type(error).__name__)
            if over.wait(ALIVE_EVERY.total_seconds()):
                return

    thread = threading.Thread(target=say, name="alive", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
