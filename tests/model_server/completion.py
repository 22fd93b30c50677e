"""What a live call and an item of a batch share: the answer to a proper request, and what is recorded of it."""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.model_server.answers import as_reply
from tests.model_server.config import Fault
from tests.model_server.dialects import Dialect
from tests.model_server.record import Call, document_label
from tests.model_server.usage import Tokens, count_tokens
from tests.model_server.view import Reply, RequestView
from tests.model_server.wire import Problem, cut_to, spoilt

if TYPE_CHECKING:
    from tests.model_server.app import Application


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer and what it is billed."""

    reply: Reply
    tokens: Tokens
    entries: tuple[int, ...]  # of the prompt cache, to be made when the answer begins


def describe(call: Call, view: RequestView) -> None:
    """Record what was asked."""
    call.document = document_label(view.document)
    call.variables = view.properties
    call.stream = view.stream
    if view.properties:
        said = (view.asked.row or "", view.asked.value or "")
        parts = (view.model, view.document, view.form, *said, *view.properties)
        call.question_hash = hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()


def complete(
    app: "Application", dialect: Dialect, view: RequestView, call: Call, fault: Fault | None
) -> Completion | Problem:
    """The answerer's reply with an answer fault applied and its tokens recorded; 500 when the answerer raised."""
    prompted = dialect.prompted(view, app.cache, app.config)
    try:
        reply = as_reply(app.answerer(view))
    except Exception as error:  # an answerer is a test's own code: the test hears of it when the server closes
        app.failures.append(error)
        return Problem(500, "api_error", f"the answerer raised {type(error).__name__}: {error}")
    reply = cut_to(spoilt(reply, fault, view), view.max_tokens)
    read = prompted.tokens
    tokens = Tokens(read.input, read.cached, read.written, max(1, count_tokens(reply.text)))
    call.input_tokens, call.cached_tokens, call.output_tokens = tokens.input, tokens.cached, tokens.output
    call.note = reply.note
    return Completion(reply, tokens, prompted.entries)
