"""OpenAI's batches: their endpoints, the validation of their input, and the lines of their output."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pydantic_core import from_json

from tests.model_server.batch_items import Fate, Item, outcome_json
from tests.model_server.batches import Batch, State
from tests.model_server.dialects import OPENAI
from tests.model_server.http import HttpRequest
from tests.model_server.openai_checks import missing
from tests.model_server.openai_files import page
from tests.model_server.openai_wire import invalid
from tests.model_server.view import Api, Json
from tests.model_server.wire import Answer, Problem, dumps

if TYPE_CHECKING:
    from tests.model_server.app import Application

MAX_REQUESTS = 50_000
MAX_BYTES = 200 * 1024 * 1024
ENDPOINTS = ("/v1/chat/completions", "/v1/embeddings")
"""Those of the real service's that this server has."""

_WINDOW_S = 86_400
_MAX_ERRORS = 100  # told at most
_READ_AT_ONCE = 256  # lines validated between other requests
_NOT_DONE = {
    Fate.EXPIRED: ("batch_expired", "This request could not be executed before the completion window expired."),
    Fate.CANCELLED: ("batch_cancelled", "This request was not executed because the batch was cancelled."),
}


def create(app: "Application", request: HttpRequest, key: str) -> Answer | Problem:
    """`POST /v1/batches`."""
    try:
        body = from_json(request.body)
    except ValueError as error:
        return invalid(f"We could not parse the JSON body of your request: {error}")
    if not isinstance(body, dict):
        return invalid("We could not parse the JSON body of your request: it is no object.")
    for name in ("input_file_id", "endpoint", "completion_window"):
        if not isinstance(body.get(name), str):
            return missing(name)
    for name, allowed in (("endpoint", ENDPOINTS), ("completion_window", ("24h",))):
        if body[name] not in allowed:
            supported = ", ".join(f"'{value}'" for value in allowed)
            return invalid(
                f"Invalid value: '{body[name]}'. Supported values are: {supported}.", name, "invalid_value"
            )
    file = app.batches.files.get(body["input_file_id"])
    if file is None or file.purpose != "batch":
        return invalid(
            f"Invalid 'input_file_id': no file '{body['input_file_id']}' with purpose 'batch'.", "input_file_id"
        )
    metadata = body.get("metadata")
    if problem := _metadata_problem(metadata):
        return problem
    batch = Batch(
        f"batch_{app.next_identity()}",
        OPENAI,
        body["endpoint"],
        key,
        app.config.batch_seconds,
        input_file=file.identity,
        metadata=metadata,
    )
    reading = _refused(batch) if app.config.batch_fail else _read(batch, file.data)
    app.batches.start(batch, reading, lambda ended: _finish(app, ended))
    return Answer(200, dumps(batch_json(batch)))


def _metadata_problem(metadata: Json) -> Problem | None:
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or len(metadata) > 16:
        return invalid("Invalid 'metadata': expected an object with at most 16 properties.", "metadata")
    for name, value in metadata.items():
        if len(name) > 64 or not isinstance(value, str) or len(value) > 512:
            return invalid(
                f"Invalid 'metadata.{name}': names have at most 64 characters, values are strings of at most 512.",
                f"metadata.{name}",
            )
    return None


def _error(code: str, message: str, param: str | None = None, line: int | None = None) -> dict[str, Json]:
    return {"code": code, "message": message, "param": param, "line": line}


def _refused(batch: Batch) -> Iterator[None]:
    """Validation of a batch that goes beyond what the account may have waiting."""
    batch.errors.append(_error("token_limit_exceeded", "Enqueued token limit reached for this organization."))
    yield


def _read(batch: Batch, data: bytes) -> Iterator[None]:
    """Fill the batch's items from its file, or its errors; gives way every few lines."""
    lines = [(number, line) for number, line in enumerate(data.split(b"\n"), 1) if line.strip()]
    if not lines:
        batch.errors.append(_error("empty_file", "The input file is empty."))
    elif len(lines) > MAX_REQUESTS:
        batch.errors.append(
            _error("too_many_tasks", f"The batch has {len(lines)} requests, more than {MAX_REQUESTS}.")
        )
    elif len(data) > MAX_BYTES:
        batch.errors.append(_error("file_too_large", f"The input file is larger than {MAX_BYTES >> 20} MB."))
    if batch.errors:
        return
    names: set[str] = set()
    for number, line in lines:
        read = _line(line, number, batch.endpoint, names, batch.model)
        if isinstance(read, Item):
            batch.model = batch.model or _model(read)
            names.add(read.custom_id)
            batch.items.append(read)
        elif len(batch.errors) < _MAX_ERRORS:
            batch.errors.append(read)
        if number % _READ_AT_ONCE == 0:
            yield


def _model(item: Item) -> str | None:
    named = from_json(item.raw).get("model")
    return named if isinstance(named, str) else None


def _line(line: bytes, number: int, endpoint: str, names: set[str], model: str | None) -> Item | dict[str, Json]:
    """The item of a line, or what is wrong with it."""
    try:
        asked = from_json(line)
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        return _error("invalid_json_line", "This line is not parseable as valid JSON.", None, number)
    for name, kind in (("custom_id", str), ("method", str), ("url", str), ("body", dict)):
        if not isinstance(asked.get(name), kind) or not asked[name]:
            return _error("missing_required_parameter", f"Missing required parameter: '{name}'.", name, number)
    if asked["custom_id"] in names:
        message = (
            "The custom_id for this request is a duplicate of another request. The custom_id parameter must be "
            "unique for each request in a batch."
        )
        return _error("duplicate_custom_id", message, "custom_id", number)
    if asked["method"] != "POST":
        return _error("invalid_method", "The HTTP method for this request is invalid.", "method", number)
    if asked["url"] != endpoint:
        message = "The URL provided for this request does not match the batch endpoint."
        return _error("invalid_url", message, "url", number)
    if model is not None and asked["body"].get("model") != model:
        message = f"All requests of a batch must be for one model: this one is not for '{model}'."
        return _error("mismatched_model", message, "body.model", number)
    return Item(asked["custom_id"], dumps(asked["body"]))


def _finish(app: "Application", batch: Batch) -> None:
    """Make the output file of what was completed and the error file of the rest, each only if it has lines."""
    good: list[bytes] = []
    bad: list[bytes] = []
    for item in batch.shuffled():
        (good if item.succeeded else bad).append(_result(app, item))
    if good:
        data = b"\n".join(good) + b"\n"
        batch.output_file = app.batches.store(f"{batch.identity}_output.jsonl", "batch_output", data).identity
    if bad:
        data = b"\n".join(bad) + b"\n"
        batch.error_file = app.batches.store(f"{batch.identity}_error.jsonl", "batch_output", data).identity


def _result(app: "Application", item: Item) -> bytes:
    identity = app.next_identity()
    response: Json = None
    error: Json = None
    if item.fate in (Fate.EXPIRED, Fate.CANCELLED):
        code, message = _NOT_DONE[item.fate]
        error = {"code": code, "message": message}
    else:
        response = {"status_code": item.status, "request_id": f"req_{identity}", "body": outcome_json(item)}
    return dumps({"id": f"batch_req_{identity}", "custom_id": item.custom_id, "response": response, "error": error})


def batch_json(batch: Batch) -> dict[str, Json]:
    """The `batch` object."""

    def at(state: State) -> int | None:
        return int(batch.entered[state]) if state in batch.entered else None

    created = int(batch.entered[State.VALIDATING])
    return {
        "id": batch.identity,
        "object": "batch",
        "endpoint": batch.endpoint,
        "model": batch.model,
        "errors": {"object": "list", "data": batch.errors} if batch.errors else None,
        "input_file_id": batch.input_file,
        "completion_window": "24h",
        "status": str(batch.state),
        "output_file_id": batch.output_file,
        "error_file_id": batch.error_file,
        "created_at": created,
        "in_progress_at": at(State.IN_PROGRESS),
        "expires_at": created + _WINDOW_S,
        "finalizing_at": at(State.FINALIZING),
        "completed_at": at(State.COMPLETED),
        "failed_at": at(State.FAILED),
        "expired_at": at(State.EXPIRED),
        "cancelling_at": at(State.CANCELLING),
        "cancelled_at": at(State.CANCELLED),
        "request_counts": _counts(batch),
        "usage": _usage(batch),
        "metadata": batch.metadata,
    }


def _counts(batch: Batch) -> dict[str, Json]:
    if batch.state in (State.VALIDATING, State.FAILED):
        return {"total": 0, "completed": 0, "failed": 0}
    completed = sum(item.succeeded for item in batch.items)
    ended = sum(item.fate is not None for item in batch.items)
    return {"total": len(batch.items), "completed": completed, "failed": ended - completed}


def _usage(batch: Batch) -> dict[str, Json]:
    used = [item.tokens for item in batch.items]
    read, written = sum(tokens.input for tokens in used), sum(tokens.output for tokens in used)
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": sum(tokens.cached for tokens in used)},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": read + written,
    }


def _known(app: "Application", name: str) -> Batch | Problem:
    batch = app.batches.batches.get(name)
    if batch is None or batch.dialect is not OPENAI:
        return invalid(f"No batch found with id '{name}'.", status=404)
    return batch


def retrieve(app: "Application", name: str) -> Answer | Problem:
    """`GET /v1/batches/{id}`."""
    found = _known(app, name)
    return found if isinstance(found, Problem) else Answer(200, dumps(batch_json(found)))


def cancel(app: "Application", name: str) -> Answer | Problem:
    """`POST /v1/batches/{id}/cancel`."""
    found = _known(app, name)
    if isinstance(found, Problem):
        return found
    if found.ended:
        return invalid(f"Cannot cancel a batch with status '{found.state}'.", status=409)
    app.batches.cancel(found)
    return Answer(200, dumps(batch_json(found)))


def listed(app: "Application", query: Mapping[str, str]) -> Answer | Problem:
    """`GET /v1/batches`, the newest first."""
    return page([batch_json(batch) for batch in app.batches.of(Api.OPENAI)], query, most=100, default=20)
