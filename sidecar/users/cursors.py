"""Places in lists that are ordered by a time and, among equal times, by an id."""

from datetime import datetime

from sidecar.pages import read_cursor
from sidecar.problems import Unusable


def read_moment(after: str | None) -> tuple[datetime, str] | None:
    """Time and id of a page's last item; None for the first page. Raises Unusable."""
    key = read_cursor(after, (str, str))
    if key is None:
        return None
    try:
        at = datetime.fromisoformat(key[0])
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not str(key[1]).isascii() or "\0" in key[1]:
        raise Unusable("query.after: this is no `next` of this list.")
    return at, key[1]
