"""`Idempotency-Key`: the same request sent again has one effect, and the first answer is given again.

The key is stored in the transaction of the effect, with the answer: a second request with the key waits for the first
to commit, and when the first fails, its key is free again with everything else it did. Keys belong to who sent them
and are kept for a day.
"""

import hashlib
import json
from typing import Annotated, Any

from fastapi import Header, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse

from resources.database.engine import TenantSession
from resources.database.repositories.idempotency import claim, settle
from sidecar.problems import Conflict, Unusable
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

REPLAY = "Idempotent-Replay"
"""The header of an answer that was given before."""


class Once:
    """One request under its idempotency key, or under none."""

    def __init__(self, session: TenantSession, who: Principal, key: str | None) -> None:
        self._session = session
        self._owner = who.subject
        self._key = key

    def answered(self, request: Request, body: Any) -> JSONResponse | None:
        """The answer that was given to this request before; None when it is the first.

        `body` is what was sent: a model, or of files their names and SHA-256 digests. Raises Unusable when the
        key was used for another request.
        """
        if self._key is None:
            return None
        said = [request.method, request.url.path, request.url.query, jsonable_encoder(body)]
        digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).digest()
        known = claim(self._session, self._owner, self._key, digest)
        if known is None:
            return None
        if known.request_hash != digest:
            raise Unusable("header.Idempotency-Key: this key was used for another request; take a new one.")
        if known.status is None:
            raise Conflict(
                "The request with this key was carried out, but its answer was not kept. Look what is there."
            )
        return _answer(known.status, known.response, {REPLAY: "true"})

    def keep(self, status: int, answer: Any) -> JSONResponse:
        """Store the answer with the effect, and give it. `answer` is None for one without a body (204)."""
        content = jsonable_encoder(answer)
        if self._key is not None:
            settle(self._session, self._owner, self._key, status, content)
        return _answer(status, content, {})


class _NoBody(JSONResponse):
    def render(self, content: Any) -> bytes:
        return b""


def _answer(status: int, content: Any, headers: dict[str, str]) -> JSONResponse:
    kind = _NoBody if status == 204 else JSONResponse
    return kind(content, status, headers=headers)
