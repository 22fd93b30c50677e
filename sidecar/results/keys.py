"""The parts of a page's key as they come back from clients: read, and refused where they are none of ours."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sidecar.fields import INT32_MAX, checked_json
from sidecar.problems import Unusable


@contextmanager
def of_this_list() -> Iterator[None]:
    """A ValueError inside means that the cursor belongs to another list, or was made up."""
    try:
        yield
    except ValueError:
        raise Unusable("query.after: this is no `next` of this list in this order.") from None


def storable(parts: list[Any]) -> list[Any]:
    """Texts that Postgres can hold, and whole numbers that fit its INTEGER. Raises ValueError."""
    checked_json(parts)
    if any(isinstance(part, int) and not -INT32_MAX <= part <= INT32_MAX for part in parts):
        raise ValueError("a number is too large")
    return parts


def share(text: str) -> float | None:
    """A confidence; None for ''. Raises ValueError."""
    if not text:
        return None
    number = float(text)
    if not (math.isfinite(number) and 0 <= number <= 1):
        raise ValueError("no share")
    return number


def moment(text: str) -> datetime:
    """A moment with its time zone. Raises ValueError."""
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise ValueError("no time zone")
    return read
