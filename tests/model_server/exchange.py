"""One request to a model endpoint, from its bytes to the plan of its answer."""

import hashlib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic_core import from_json

from tests.model_server.completion import complete, describe
from tests.model_server.config import ANSWER_FAULTS, Fault
from tests.model_server.dialects import Dialect, dialect_of
from tests.model_server.embeddings import embeddings_answer, embeddings_problem, texts_of
from tests.model_server.faults import decide, draw, latency_s
from tests.model_server.http import Ending, HttpRequest, Plan, Step
from tests.model_server.record import Call, document_label
from tests.model_server.usage import Tokens, count_tokens
from tests.model_server.view import Json, Reply, RequestView
from tests.model_server.wire import Answer, Problem, chunk, credential, dumps, head

if TYPE_CHECKING:
    from tests.model_server.app import Application

CHAT = "/v1/chat/completions"
EMBEDDINGS = "/v1/embeddings"
MESSAGES = "/v1/messages"
COUNT_TOKENS = "/v1/messages/count_tokens"
ENDPOINTS = frozenset({CHAT, EMBEDDINGS, MESSAGES, COUNT_TOKENS})

_AFTER_WORK = frozenset({Fault.SERVER_ERROR, Fault.BAD_GATEWAY, Fault.UNAVAILABLE, Fault.OVERLOADED})
"""Faults that show only after the usual latency; the others are refusals and come at once."""

_IN_TRANSIT = frozenset({Fault.RESET, Fault.STREAM_ERROR})


class Exchange:
    """Decides how one request is answered; `plan` is called once."""

    def __init__(self, app: "Application", request: HttpRequest) -> None:
        self._app = app
        self._config = app.config
        self._path = request.path
        self._request = request
        self._dialect: Dialect = dialect_of(request.path, request.headers)
        self._identity = app.next_identity()
        digest = hashlib.sha256(request.body).digest()
        self._call = Call(
            number=len(app.calls) + 1,
            api=str(self._dialect.api),
            path=request.path,
            model="",
            body_hash=digest.hex(),
            attempt=0,
            key=credential(request.headers),
            started_s=app.clock(),
            in_flight=0,
        )
        app.begin(self._call, digest)
        self._draw = draw(self._config.seed, digest, self._call.attempt)
        self._fault: Fault | None = None
        self._latency_s = 0.0
        self._entries: tuple[int, ...] = ()

    def plan(self) -> Plan:
        """The plan of the answer; what happened is in the call."""
        call = self._call
        problem = self._dialect.access(self._request.headers, call.key, self._config)
        body: Json = None
        if problem is None:
            try:
                body = from_json(self._request.body, cache_strings="keys")
            except ValueError as error:
                message = f"We could not parse the JSON body of your request: {error}"
                problem = Problem(400, "invalid_request_error", message)
        if problem is None:
            problem = self._check(body)
        if problem is not None:
            return self._refused(problem)
        call.model = body["model"]
        if self._config.keep_bodies:
            call.body = body
        if self._path == EMBEDDINGS:
            return self._embed(body)
        view = self._dialect.view(body, call.number, call.attempt)
        describe(call, view)
        if self._path == COUNT_TOKENS:
            return self._whole(Answer(200, dumps({"input_tokens": count_tokens(view.prompt)})))
        return self._generate(view)

    def _check(self, body: Json) -> Problem | None:
        if self._path == EMBEDDINGS:
            return embeddings_problem(body, self._config)
        if self._path == COUNT_TOKENS and isinstance(body, dict):
            body = {"max_tokens": 1, **body}
        return self._dialect.problem(body, self._config)

    def _generate(self, view: RequestView) -> Plan:
        config, call = self._config, self._call
        if refused := self._judged(
            view.prompt if config.faults.permanent else "", sum(count_tokens(turn.text) for turn in view.turns)
        ):
            return refused
        fault = self._fault
        if fault is Fault.STREAM_ERROR and not view.stream:
            return self._refused(self._dialect.fault_problem(Fault.SERVER_ERROR, view.model, 0.0), self._latency_s)
        done = complete(self._app, self._dialect, view, call, fault)
        if isinstance(done, Problem):
            return self._refused(done)
        self._entries = done.entries
        self._app.written(done.tokens.output)
        return self._answered(view, done.reply, done.tokens)

    def _answered(self, view: RequestView, reply: Reply, tokens: Tokens) -> Plan:
        if not view.stream:
            answer = self._dialect.answer(view, reply, tokens, self._identity, self._config)
            return self._whole(answer, tokens.output * self._config.token_s)
        if not self._request.http_1_1:
            return self._refused(Problem(400, "invalid_request_error", "streaming needs HTTP/1.1"))
        broken = self._fault is Fault.STREAM_ERROR
        answer = self._dialect.stream(view, reply, tokens, self._identity, self._config, broken)
        return self._streamed(answer)

    def _embed(self, body: dict[str, Json]) -> Plan:
        texts = texts_of(body)
        self._call.document = document_label(texts[0])
        if refused := self._judged("\n".join(texts), sum(map(count_tokens, texts))):
            return refused
        answer, self._call.input_tokens = embeddings_answer(body, self._config)
        return self._whole(answer)

    def _judged(self, prompt: str, tokens: int) -> Plan | None:
        """The plan of a request that gets no answer, because of limits or a fault; None when it gets one."""
        config, call, dialect = self._config, self._call, self._dialect
        if config.context_tokens is not None and tokens > config.context_tokens:
            return self._refused(dialect.context_problem(config.context_tokens, tokens))
        wait_s = self._app.spend(tokens)
        if config.max_in_flight is not None and call.in_flight > config.max_in_flight:
            wait_s = max(wait_s, config.retry_after_s)
        if wait_s > 0:
            return self._refused(dialect.fault_problem(Fault.RATE_LIMIT, call.model, wait_s), retry_after_s=wait_s)
        fault = decide(config.faults, call.number, call.attempt, prompt, self._draw.fault)
        if self._path == EMBEDDINGS and fault in ANSWER_FAULTS:
            fault = None  # vectors have no text to spoil
        self._fault = call.fault = fault
        self._latency_s = latency_s(config, self._draw.time)
        if fault is None or fault in ANSWER_FAULTS or fault in _IN_TRANSIT:
            return None
        if fault is Fault.HANG:
            return Plan((Step(config.hang_s, b""),), Ending.CLOSE, gated=True, done=self._done)
        if fault is Fault.DISCONNECT:
            return Plan((Step(self._latency_s, b""),), Ending.CLOSE, gated=True, done=self._done)
        problem = dialect.fault_problem(fault, call.model, config.retry_after_s)
        return self._refused(
            problem,
            self._latency_s if fault in _AFTER_WORK else 0.0,
            config.retry_after_s if fault in (Fault.RATE_LIMIT, Fault.UNAVAILABLE) else None,
        )

    def _refused(self, problem: Problem, delay_s: float = 0.0, retry_after_s: float | None = None) -> Plan:
        answer = self._dialect.error(problem, f"req_{self._identity}")
        self._latency_s = delay_s
        extra: list[tuple[str, str]] = []
        if retry_after_s is not None:
            extra = [
                ("retry-after", str(math.ceil(retry_after_s))),
                ("retry-after-ms", str(math.ceil(retry_after_s * 1000))),
            ]
        return self._whole(answer, extra=extra)

    def _headers(self, extra: Sequence[tuple[str, str]] = ()) -> list[tuple[str, str]]:
        own = (self._dialect.request_id_header, f"req_{self._identity}")
        return [own, *extra]

    def _limits(self) -> str:
        return self._app.limit_lines(self._dialect)

    def _whole(self, answer: Answer, token_delay_s: float = 0.0, extra: Sequence[tuple[str, str]] = ()) -> Plan:
        self._call.status = answer.status
        opening = head(answer.status, answer.content_type, self._headers(extra), len(answer.body), self._limits())
        reset = self._fault is Fault.RESET
        data = opening + (answer.body[: len(answer.body) // 2] if reset else answer.body)
        # the answer begins, unseen, after the latency; its tokens come later
        beginning = (Step(self._latency_s, b""),) if token_delay_s > 0 else ()
        steps = (*beginning, Step(token_delay_s if beginning else self._latency_s, data))
        return Plan(steps, Ending.RESET if reset else Ending.KEEP, gated=True, done=self._done, began=self._began)

    def _streamed(self, answer: Answer) -> Plan:
        self._call.status = answer.status
        headers = self._headers([("cache-control", "no-cache")])
        opening = head(answer.status, answer.content_type, headers, None, self._limits())
        events = answer.events
        reset = self._fault is Fault.RESET
        if reset:
            events = events[: len(events) // 2]
        steps = [Step(self._latency_s, opening)]
        steps += [Step(event.tokens * self._config.token_s, chunk(event.data)) for event in events]
        if not reset:
            steps.append(Step(0.0, chunk(b"")))
        ending = Ending.RESET if reset else Ending.KEEP
        return Plan(tuple(steps), ending, gated=True, done=self._done, began=self._began)

    def _began(self) -> None:
        if self._entries:
            self._app.cache.remember(self._entries)

    def _done(self, delivered: bool) -> None:
        self._app.end(self._call, delivered=delivered)
