"""Entity tags: an answer that the client has already is not sent again (RFC 9110 §8.8.3, §13.1.2)."""

import hashlib
from typing import Annotated, Any

from fastapi import Header
from fastapi.responses import Response
from pydantic import BaseModel

IfNoneMatch = Annotated[
    str | None, Header(alias="If-None-Match", max_length=2000, description="`ETag` of what the client has")
]
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "As the client has it"}}
"""For `responses=` of a route that answers with an ETag."""


def matches(known: str | None, tag: str) -> bool:
    """Whether a client that sends `known` as If-None-Match has what `tag` names."""
    if known is None:
        return False
    sent = [part.strip().removeprefix("W/") for part in known.split(",")]
    return "*" in sent or tag.removeprefix("W/") in sent


def tagged(answer: BaseModel, known: str | None) -> Response:
    """An answer as JSON with the tag of its bytes, or 304."""
    body = answer.model_dump_json().encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if matches(known, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)
