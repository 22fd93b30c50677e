"""OpenAI's files, as batches need them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tests.model_server.batches import StoredFile
from tests.model_server.http import HttpRequest
from tests.model_server.multipart import parts
from tests.model_server.openai_checks import missing
from tests.model_server.openai_wire import invalid
from tests.model_server.view import Json
from tests.model_server.wire import Answer, Problem, dumps

if TYPE_CHECKING:
    from tests.model_server.app import Application

PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")
_KEPT_S = 30 * 86_400  # batch files expire after 30 days


def file_json(stored: StoredFile) -> dict[str, Json]:
    """The `file` object."""
    expires = stored.created + _KEPT_S if stored.purpose.startswith("batch") else None
    return {
        "id": stored.identity,
        "object": "file",
        "bytes": len(stored.data),
        "created_at": stored.created,
        "expires_at": expires,
        "filename": stored.name,
        "purpose": stored.purpose,
        "status": "processed",
        "status_details": None,
    }


def upload(app: "Application", request: HttpRequest) -> Answer | Problem:
    """`POST /v1/files`."""
    try:
        fields = {part.name: part for part in parts(request.headers.get("content-type", ""), request.body)}
    except ValueError as error:
        return invalid(f"Could not parse multipart form: {error}")
    for name in ("file", "purpose"):
        if name not in fields:
            return missing(name)
    purpose, file = fields["purpose"].data.decode("utf-8", "replace"), fields["file"]
    if purpose not in PURPOSES:
        supported = ", ".join(f"'{name}'" for name in PURPOSES)
        return invalid(f"Invalid value: '{purpose}'. Supported values are: {supported}.", "purpose", "invalid_value")
    if purpose == "batch" and not (file.filename or "").endswith(".jsonl"):
        return invalid("Invalid file format for Batch API. Must be .jsonl")
    return Answer(200, dumps(file_json(app.batches.store(file.filename or "upload", purpose, file.data))))


def _known(app: "Application", name: str) -> StoredFile | Problem:
    return app.batches.files.get(name) or invalid(f"No such File object: {name}", "id", status=404)


def retrieve(app: "Application", name: str) -> Answer | Problem:
    """`GET /v1/files/{id}`."""
    found = _known(app, name)
    return found if isinstance(found, Problem) else Answer(200, dumps(file_json(found)))


def content(app: "Application", name: str) -> Answer | Problem:
    """`GET /v1/files/{id}/content`."""
    found = _known(app, name)
    return found if isinstance(found, Problem) else Answer(200, found.data, "application/octet-stream")


def delete(app: "Application", name: str) -> Answer | Problem:
    """`DELETE /v1/files/{id}`."""
    found = _known(app, name)
    if isinstance(found, Problem):
        return found
    del app.batches.files[name]
    return Answer(200, dumps({"id": name, "object": "file", "deleted": True}))


def listed(app: "Application", query: Mapping[str, str]) -> Answer | Problem:
    """`GET /v1/files`, the newest first."""
    files = [file_json(file) for file in reversed(app.batches.files.values())]
    purpose = query.get("purpose")
    return page([file for file in files if purpose in (None, file["purpose"])], query, most=10_000, default=10_000)


def page(objects: list[dict[str, Json]], query: Mapping[str, str], *, most: int, default: int) -> Answer | Problem:
    """A page of a list after the object `after`, as OpenAI pages."""
    try:
        limit = int(query.get("limit", default))
    except ValueError:
        limit = 0
    if not 1 <= limit <= most:
        return invalid(f"Invalid 'limit': expected an integer from 1 to {most}.", "limit", "invalid_value")
    names = [str(item["id"]) for item in objects]
    after = query.get("after")
    if after is not None and after not in names:
        return invalid(f"Invalid 'after': no object with id '{after}'.", "after", "invalid_value")
    start = names.index(after) + 1 if after is not None else 0
    shown = objects[start : start + limit]
    return Answer(
        200,
        dumps(
            {
                "object": "list",
                "data": shown,
                "first_id": shown[0]["id"] if shown else None,
                "last_id": shown[-1]["id"] if shown else None,
                "has_more": start + limit < len(objects),
            }
        ),
    )
