"""Lost updates: each change of a project moves its `ETag`; a change with `If-Match` is made only to what was read.

Changes without `If-Match` wait for each other, and the audit log keeps what each of them replaced, so that none is
lost in silence.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from fastapi import Header

from sidecar.problems import Problem


class PreconditionFailed(Problem):
    """It was changed since it was read."""

    status: ClassVar[int] = 412
    slug: ClassVar[str] = "precondition-failed"
    title: ClassVar[str] = "Changed since it was read"


IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=500,
        pattern=r"^[\x20-\x7e]+$",
        description="`ETag` of the project as it was read: the change is made only if it is still that one",
        examples=['"5f3759df"'],
    ),
]

TAGGED: dict[str, Any] = {
    "headers": {
        "ETag": {"description": "Version of the project, for `If-Match`", "schema": {"type": "string"}},
    }
}
"""For `responses=` of a route that gives the version."""


def etag(updated_at: datetime) -> str:
    """The version of a project by the time of its last change, in microseconds."""
    since = updated_at - datetime(1970, 1, 1, tzinfo=UTC)
    return f'"{(since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds:x}"'


def require_match(if_match: str | None, updated_at: datetime) -> None:
    """Raises PreconditionFailed when the project is not the one that was read."""
    if if_match is None or if_match.strip() == "*":
        return
    given = {tag.strip() for tag in if_match.split(",")}
    if etag(updated_at) not in given:
        raise PreconditionFailed(
            "The project was changed since you read it. Read it again and repeat your change.",
            headers={"ETag": etag(updated_at)},
        )
