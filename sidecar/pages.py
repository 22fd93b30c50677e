"""Lists in pages by key, never by offset: what was there when the first page was read is not lost or shown twice."""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from sidecar.problems import Unusable

Item = TypeVar("Item")

Limit = Annotated[int, Query(ge=1, le=500, description="At most so many")]
After = Annotated[
    str | None, Query(max_length=2000, description="`next` of the page before; nothing for the first page")
]


class Page(BaseModel, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    next: str | None = Field(default=None, description="Pass it as `after` for the next page; null at the end")


def cursor(*key: Any) -> str:
    """The key of a page's last item, as text that means nothing to others. Values must be JSON."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def read_cursor(text: str | None, kinds: Sequence[type]) -> tuple[Any, ...] | None:
    """The inverse of `cursor`; None for the first page. `kinds` are the types of the key's parts.

    Raises Unusable when it is not one of ours.
    """
    if text is None:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        key = None
    if not isinstance(key, list) or [type(part) for part in key] != list(kinds):
        raise Unusable("query.after: this is no `next` of this list.")
    return tuple(key)
