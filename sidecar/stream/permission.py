"""Whether who listens still may: a stream outlives the look at its token, and ends soon after the token's end."""

import asyncio
import math

from resources.database.engine import Database
from sidecar.security.authenticate import utc_now
from sidecar.stream.streams import Streams
from sidecar.stream.viewer import Viewer

EXPIRED = "the token has expired: connect again with a new one"
WITHDRAWN = "the token is not good any more: log in, and connect again with a new one"


class Permission:
    """Of one stream. The expiry is known at any time; user, session and key are looked up now and then."""

    def __init__(self, streams: Streams, database: Database, viewer: Viewer) -> None:
        self._streams = streams
        self._database = database
        self._viewer = viewer
        self._again = asyncio.get_running_loop().time() + streams.terms.look_again

    async def refusal(self, *, at_once: bool = False) -> str | None:
        """Why they may not any more, None while they may; `at_once`: looked up, whenever that was done last."""
        if self._expires_in() <= 0:
            return EXPIRED
        now = asyncio.get_running_loop().time()
        if at_once or now >= self._again:
            if not await self._may_still():
                return WITHDRAWN
            self._again = now + self._streams.terms.look_again
        return None

    def patience(self) -> float:
        """Seconds after which `refusal` is to be asked again, whatever happens."""
        now = asyncio.get_running_loop().time()
        return max(0.0, min(self._again - now, self._expires_in() + 0.005))

    def _expires_in(self) -> float:
        if self._viewer.expires_at is None:
            return math.inf
        return (self._viewer.expires_at - utc_now()).total_seconds()

    async def _may_still(self) -> bool:
        try:
            return await self._streams.run(self._viewer.may_still, self._database)
        except Exception:  # the database is away: nothing can be told either; asked again at the next look
            return True
