"""Anthropic's message batches: their endpoints and the lines of their results."""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic_core import from_json

from tests.model_server.anthropic_wire import invalid
from tests.model_server.batch_items import Fate, Item, outcome_json
from tests.model_server.batches import Batch, State
from tests.model_server.dialects import ANTHROPIC
from tests.model_server.http import HttpRequest
from tests.model_server.view import Api, Json
from tests.model_server.wire import Answer, Problem, dumps

if TYPE_CHECKING:
    from tests.model_server.app import Application

MAX_REQUESTS = 100_000
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_WINDOW_S = 86_400


def create(app: "Application", request: HttpRequest, key: str) -> Answer | Problem:
    """`POST /v1/messages/batches`. What an item asks is looked at only when it is worked on."""
    try:
        body = from_json(request.body)
    except ValueError as error:
        return invalid(f"The request body is not valid JSON: {error}")
    if not isinstance(body, dict) or "requests" not in body:
        return invalid("requests: Field required")
    if extra := sorted(set(body) - {"requests"}):
        return invalid(f"{extra[0]}: Extra inputs are not permitted")
    items = _items(body["requests"])
    if isinstance(items, Problem):
        return items
    if app.config.batch_fail:
        return invalid("requests: this batch cannot be processed")
    identity = f"msgbatch_{app.next_identity()}"
    batch = Batch(identity, ANTHROPIC, "/v1/messages", key, app.config.batch_seconds, items)
    app.batches.start(batch)
    return Answer(200, dumps(batch_json(batch, request)))


def _items(requests: Json) -> list[Item] | Problem:
    if not isinstance(requests, list):
        return invalid("requests: Input should be a valid list")
    if not requests:
        return invalid("requests: List should have at least 1 item after validation, not 0")
    if len(requests) > MAX_REQUESTS:
        return invalid(
            f"requests: List should have at most {MAX_REQUESTS} items after validation, not {len(requests)}"
        )
    items: dict[str, Item] = {}
    for index, asked in enumerate(requests):
        at = f"requests.{index}"
        if not isinstance(asked, dict):
            return invalid(f"{at}: Input should be an object")
        for name in ("custom_id", "params"):
            if name not in asked:
                return invalid(f"{at}.{name}: Field required")
        if extra := sorted(set(asked) - {"custom_id", "params"}):
            return invalid(f"{at}.{extra[0]}: Extra inputs are not permitted")
        name, params = asked["custom_id"], asked["params"]
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            return invalid(f"{at}.custom_id: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'")
        if not isinstance(params, dict):
            return invalid(f"{at}.params: Input should be an object")
        if name in items:
            return invalid(f"{at}.custom_id: custom_id must be unique in a batch, found '{name}' twice")
        items[name] = Item(name, dumps(params))
    return list(items.values())


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def batch_json(batch: Batch, request: HttpRequest) -> dict[str, Json]:
    """The `message_batch` object; counts other than `processing` are 0 until it has ended."""
    created, cancelled = batch.entered[State.VALIDATING], batch.entered.get(State.CANCELLING)
    counts = Counter(_kind(item) for item in batch.items) if batch.ended else {"processing": len(batch.items)}
    kinds = ("processing", "succeeded", "errored", "canceled", "expired")
    status = "ended" if batch.ended else "canceling" if batch.state is State.CANCELLING else "in_progress"
    url = f"http://{request.headers.get('host', 'localhost')}/v1/messages/batches/{batch.identity}/results"
    return {
        "id": batch.identity,
        "type": "message_batch",
        "processing_status": status,
        "request_counts": {kind: counts.get(kind, 0) for kind in kinds},
        "created_at": _time(created),
        "expires_at": _time(created + _WINDOW_S),
        "ended_at": _time(batch.entered[batch.state]) if batch.ended else None,
        "cancel_initiated_at": None if cancelled is None else _time(cancelled),
        "archived_at": None,
        "results_url": url if batch.ended else None,
    }


def _kind(item: Item) -> str:
    if item.fate is Fate.ANSWERED:
        return "succeeded" if item.succeeded else "errored"
    return "expired" if item.fate is Fate.EXPIRED else "canceled"


def _result(item: Item) -> bytes:
    kind = _kind(item)
    result: dict[str, Json] = {"type": kind}
    if kind == "succeeded":
        result["message"] = outcome_json(item)
    elif kind == "errored":
        result["error"] = outcome_json(item)
    return dumps({"custom_id": item.custom_id, "result": result})


def _known(app: "Application", name: str) -> Batch | Problem:
    batch = app.batches.batches.get(name)
    if batch is None or batch.dialect is not ANTHROPIC:
        return Problem(404, "not_found_error", f"Message Batch {name} not found.")
    return batch


def retrieve(app: "Application", request: HttpRequest, name: str) -> Answer | Problem:
    """`GET /v1/messages/batches/{id}`."""
    found = _known(app, name)
    return found if isinstance(found, Problem) else Answer(200, dumps(batch_json(found, request)))


def cancel(app: "Application", request: HttpRequest, name: str) -> Answer | Problem:
    """`POST /v1/messages/batches/{id}/cancel`."""
    found = _known(app, name)
    if isinstance(found, Problem):
        return found
    if found.ended:
        return invalid(f"Message Batch {name} has already ended and cannot be canceled.")
    app.batches.cancel(found)
    return Answer(200, dumps(batch_json(found, request)))


def results(app: "Application", name: str) -> Answer | Problem:
    """`GET /v1/messages/batches/{id}/results`."""
    found = _known(app, name)
    if isinstance(found, Problem):
        return found
    if not found.ended:
        return Problem(404, "not_found_error", f"Message Batch {name} has no results yet; it is still processing.")
    lines = b"\n".join(_result(item) for item in found.shuffled()) + b"\n"
    return Answer(200, lines, "application/x-jsonl")


def delete(app: "Application", name: str) -> Answer | Problem:
    """`DELETE /v1/messages/batches/{id}`."""
    found = _known(app, name)
    if isinstance(found, Problem):
        return found
    if not found.ended:
        return invalid(f"Message Batch {name} is still processing: cancel it before it can be deleted.")
    del app.batches.batches[name]
    return Answer(200, dumps({"id": name, "type": "message_batch_deleted"}))


def listed(app: "Application", request: HttpRequest, query: Mapping[str, str]) -> Answer | Problem:
    """`GET /v1/messages/batches`, the newest first."""
    try:
        limit = int(query.get("limit", "20"))
    except ValueError:
        limit = 0
    if not 1 <= limit <= 1000:
        return invalid("limit: Input should be an integer from 1 to 1000")
    objects = [batch_json(batch, request) for batch in app.batches.of(Api.ANTHROPIC)]
    names = [item["id"] for item in objects]
    for cursor in ("after_id", "before_id"):
        if cursor in query and query[cursor] not in names:
            return invalid(f"{cursor}: no Message Batch {query[cursor]}")
    if "before_id" in query:
        end = names.index(query["before_id"])
        start = max(0, end - limit)
        more = start > 0
    else:
        start = names.index(query["after_id"]) + 1 if "after_id" in query else 0
        end = start + limit
        more = end < len(objects)
    shown = objects[start:end]
    ends = {"first_id": shown[0]["id"] if shown else None, "last_id": shown[-1]["id"] if shown else None}
    return Answer(200, dumps({"data": shown, "has_more": more, **ends}))
