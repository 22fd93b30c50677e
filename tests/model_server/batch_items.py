"""One item of a provider batch: answered like a live call, by the same checks, answerer and faults."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic_core import from_json

from tests.model_server.completion import complete, describe
from tests.model_server.config import ANSWER_FAULTS, BatchItemFault, Fault, ServerConfig
from tests.model_server.dialects import Dialect
from tests.model_server.embeddings import embeddings_answer, embeddings_problem
from tests.model_server.faults import decide, draw
from tests.model_server.record import Call
from tests.model_server.usage import Tokens, count_tokens
from tests.model_server.view import Json
from tests.model_server.wire import Answer, Problem

if TYPE_CHECKING:
    from tests.model_server.app import Application

EMBEDDINGS = "/v1/embeddings"
_ITEM_SEED = 0x5EED  # draws for items are independent of those for live calls

_NONE = Tokens()

_AS_FAULT = {
    BatchItemFault.ERROR: Fault.SERVER_ERROR,
    BatchItemFault.INVALID_REQUEST: Fault.BAD_REQUEST,
    BatchItemFault.REFUSAL: Fault.REFUSAL,
    BatchItemFault.TRUNCATED: Fault.TRUNCATED,
    BatchItemFault.INVALID_JSON: Fault.INVALID_JSON,
}
_IN_TRANSIT = frozenset({Fault.HANG, Fault.DISCONNECT, Fault.RESET, Fault.STREAM_ERROR})
"""Nobody waits on a connection for an item: the provider's own failure shows as status 500."""


class Fate(StrEnum):
    """How an item ended."""

    ANSWERED = "answered"  # a response was made, of any HTTP status
    EXPIRED = "expired"
    CANCELLED = "cancelled"


@dataclass(slots=True)
class Item:
    """One request of a batch: the JSON of its body, and its outcome once there is one."""

    custom_id: str
    raw: bytes
    fate: Fate | None = None
    status: int = 0  # HTTP status of the response
    body: bytes = b""  # JSON of the response, completion or error
    tokens: Tokens = _NONE

    @property
    def succeeded(self) -> bool:
        """Whether there is a completion."""
        return self.fate is Fate.ANSWERED and self.status == 200


def fault_of(config: ServerConfig, digest: bytes, attempt: int) -> BatchItemFault | None:
    """The item fault that the seed draws for the n-th attempt (from 1) at a body; None for most."""
    chance, edge = draw(config.seed ^ _ITEM_SEED, digest, attempt).fault, 0.0
    for candidate, share in config.batch_item_faults.items():
        edge += share
        if chance < edge:
            return candidate
    return None


def work(app: "Application", dialect: Dialect, path: str, batch: str, key: str, item: Item) -> None:
    """Answer one item; its outcome is in it, and the call is recorded unless it expired."""
    config = app.config
    digest = hashlib.sha256(item.raw).digest()
    attempt = app.next_attempt(digest)
    trouble = fault_of(config, digest, attempt)
    if trouble is BatchItemFault.EXPIRE:
        item.fate = Fate.EXPIRED
        return
    call = Call(
        number=len(app.calls) + 1,
        api=str(dialect.api),
        path=path,
        model="",
        body_hash=digest.hex(),
        attempt=attempt,
        key=key,
        started_s=app.clock(),
        in_flight=0,
        batch=batch,
        custom_id=item.custom_id,
    )
    app.calls.append(call)
    identity = app.next_identity()
    answer = _answer(app, dialect, call, digest, item, None if trouble is None else _AS_FAULT[trouble], identity)
    if isinstance(answer, Problem):
        answer = dialect.error(answer, f"req_{identity}")
    item.fate, item.status, item.body = Fate.ANSWERED, answer.status, answer.body
    call.status, call.delivered, call.ended_s = answer.status, True, app.clock()


def _answer(
    app: "Application", dialect: Dialect, call: Call, digest: bytes, item: Item, trouble: Fault | None, identity: str
) -> Answer | Problem:
    config, body = app.config, from_json(item.raw)
    embed = call.path == EMBEDDINGS
    if problem := (embeddings_problem if embed else dialect.problem)(body, config):
        return problem
    call.model = body["model"]
    if config.keep_bodies:
        call.body = body
    if body.get("stream"):
        return Problem(400, "invalid_request_error", "Streaming is not supported in batches.", "stream")
    if embed:
        answer, call.input_tokens = embeddings_answer(body, config)
        item.tokens = Tokens(input=call.input_tokens)
        return answer
    view = dialect.view(body, call.number, call.attempt)
    describe(call, view)
    tokens = sum(count_tokens(turn.text) for turn in view.turns)
    if config.context_tokens is not None and tokens > config.context_tokens:
        return dialect.context_problem(config.context_tokens, tokens)
    fault = trouble or _live_fault(config, call, digest, view.prompt if config.faults.permanent else "")
    call.fault = fault
    if fault is not None and fault not in ANSWER_FAULTS:
        return _problem(dialect, fault, call.model)
    done = complete(app, dialect, view, call, fault)
    if isinstance(done, Problem):
        return done
    item.tokens = done.tokens
    app.cache.remember(done.entries)
    return dialect.answer(view, done.reply, done.tokens, identity, config)


def _live_fault(config: ServerConfig, call: Call, digest: bytes, prompt: str) -> Fault | None:
    """The fault that would hit a live call."""
    chance = draw(config.seed, digest, call.attempt).fault
    fault = decide(config.faults, call.number, call.attempt, prompt, chance)
    return Fault.SERVER_ERROR if fault in _IN_TRANSIT else fault


def _problem(dialect: Dialect, fault: Fault, model: str) -> Problem:
    # a proxy's HTML page cannot stand in a line of JSON
    plain = Fault.SERVER_ERROR if fault is Fault.BAD_GATEWAY else fault
    return dialect.fault_problem(plain, model, 0.0)


def outcome_json(item: Item) -> Json:
    """The response's JSON."""
    return from_json(item.body)
