"""`Idempotency-Key`: the same request sent again has one effect, and the first answer is given again.

The key is stored in the transaction of the effect, with the answer; a second request with the key waits for the first
to commit. Keys belong to who sent them and are kept for a day.
"""

import hashlib
from typing import Annotated, Any

from fastapi import Header, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse

from resources.database.engine import TenantSession
from resources.database.repositories.idempotency import claim, settle
from sidecar.problems import Invalid
from sidecar.security.principal import Principal

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Any text of your own, for example a UUID: the request has one effect however often it is sent",
    ),
]


class Once:
    """One request under its idempotency key, or under none."""

    def __init__(self, session: TenantSession, who: Principal, key: str | None) -> None:
        self._session = session
        self._owner = who.subject
        self._key = key

    def answered(self, request: Request, body: Any) -> JSONResponse | None:
        """The answer that was given to this request before; None when it is the first. `body` is what was sent.

        Raises Invalid when the key was used for another request.
        """
        if self._key is None:
            return None
        said = repr((request.method, request.url.path, jsonable_encoder(body)))
        digest = hashlib.sha256(said.encode()).digest()
        known = claim(self._session, self._owner, self._key, digest)
        if known is None:
            return None
        if known.request_hash != digest:
            raise Invalid("header.Idempotency-Key: this key was used for another request; take a new one.")
        return JSONResponse(known.response, known.status, headers={"Idempotent-Replay": "true"})

    def keep(self, status: int, answer: Any) -> JSONResponse:
        """Store the answer with the effect, and give it."""
        content = jsonable_encoder(answer)
        if self._key is not None:
            settle(self._session, self._owner, self._key, status, content)
        return JSONResponse(content, status)
