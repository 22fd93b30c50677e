"""Listening for events of tasks: one connection per process, which only says that there is something to read.

A notification that is lost (the connection broke, the sender died) costs time and no event: readers also look by
themselves now and then, and are woken after every reconnect.
"""

import asyncio
import json
import random
from collections.abc import Callable
from uuid import UUID

import psycopg
import structlog

from resources.database.migrate import APP_ROLE
from resources.database.repositories.events import CHANNEL
from resources.installation import Installation

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 15.0  # seconds between attempts to connect

_log = structlog.get_logger(__name__)


class Listener:
    """Listens for as long as `run` runs; `connected` says whether notifications come in at the moment."""

    def __init__(
        self, installation: Installation, heard: Callable[[str, UUID], None], missed: Callable[[], None]
    ) -> None:
        """`heard` is called with tenant and task; `missed` when notifications of any task may have been lost."""
        self._installation = installation
        self._heard = heard
        self._missed = missed
        self.connected = False

    async def run(self) -> None:
        """Listen until cancelled; a connection that breaks is made again, after pauses that double."""
        pause = _FIRST_PAUSE
        while True:
            try:
                async with await self._connect() as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    self.connected = True
                    pause = _FIRST_PAUSE
                    self._missed()
                    async for note in connection.notifies():
                        self._pass_on(note.payload)
            except Exception as error:  # whatever it was, readers look by themselves meanwhile
                _log.warning("listening_interrupted", error=type(error).__name__, again_in_seconds=round(pause, 1))
            finally:
                self.connected = False
            await asyncio.sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311 - no secret
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _connect(self) -> psycopg.AsyncConnection:
        address = await asyncio.to_thread(lambda: self._installation.database.addresses.app)
        return await psycopg.AsyncConnection.connect(
            address.set(drivername="postgresql").render_as_string(hide_password=False),
            autocommit=True,
            options=f"-c role={APP_ROLE}",
            application_name="crucible events",
            connect_timeout=10,
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
        )

    def _pass_on(self, payload: str) -> None:
        try:
            said = json.loads(payload)
            tenant, task_id = str(said["tenant"]), UUID(said["task"])
        except (ValueError, KeyError, TypeError, AttributeError):
            _log.warning("notification_not_understood", length=len(payload))
            return
        self._heard(tenant, task_id)
