"""The application: from an HTTP request to a plan of timed writes, with every request recorded."""

import os
import time
from collections import Counter
from collections.abc import Sequence

from tests.model_server import anthropic_wire, openai_wire
from tests.model_server.answers import LabelledLines
from tests.model_server.batch_endpoints import batch_endpoint
from tests.model_server.batches import BatchStore
from tests.model_server.config import Fault, ServerConfig
from tests.model_server.dialects import ANTHROPIC, Dialect, dialect_of
from tests.model_server.exchange import ENDPOINTS, Exchange
from tests.model_server.http import Gate, HttpRequest, Plan, Step
from tests.model_server.limits import Bucket, Limits
from tests.model_server.noise import Noisy
from tests.model_server.record import Call
from tests.model_server.usage import PrefixCache
from tests.model_server.view import Answerer
from tests.model_server.wire import Answer, Problem, credential, dumps, head

_DEFAULT_MODELS = ("test-model",)


class Application:
    """The state of one server. All of it is used from the event loop's thread only, except for reading `calls`."""

    def __init__(self, answerer: Answerer | None, config: ServerConfig) -> None:
        self.config = config
        self.answerer: Answerer = answerer or LabelledLines()
        self.gate = Gate()
        self.failures: list[BaseException] = []  # what the answerer raised
        self._identity = os.urandom(4).hex()
        self._sequence = 0
        self.calls: list[Call] = []
        self.batches = BatchStore(self)
        self.reset()

    def reset(self) -> None:
        """Forget all calls, caches, limits, files and batches; the configuration stays."""
        self.calls = []
        self.failures = []
        self._attempts: Counter[bytes] = Counter()
        self._in_flight = 0
        self._cache = PrefixCache()
        self._started = time.monotonic()
        self._nominal_headers: dict[str, tuple[int, str]] = {}
        self.batches.clear()
        if isinstance(self.answerer, Noisy):
            self.answerer.forget()
        self.configure(self.config)

    def configure(self, config: ServerConfig) -> None:
        """Use another configuration from the next request on; limits start full."""
        self.config = config
        now = time.monotonic()
        self._limits = Limits(
            Bucket.full(config.requests_per_minute, now),
            Bucket.full(config.tokens_per_minute, now),
            Bucket.full(config.output_tokens_per_minute, now),
        )
        self._nominal_headers.clear()
        self.batches.configured()

    def serve(self, request: HttpRequest) -> Plan:
        """How to answer a request to a provider's endpoint."""
        path = request.path
        if request.method == "POST" and path in ENDPOINTS:
            return Exchange(self, request).plan()
        dialect = dialect_of(path, request.headers)
        request_id = self.next_identity()
        answer = batch_endpoint(self, request) or self._other(dialect, request)
        return self.respond(dialect, answer, request_id)

    def next_identity(self) -> str:
        """A name for a response, unique in this process and, very likely, among servers."""
        self._sequence += 1
        return f"{self._identity}{self._sequence:016x}"

    def _other(self, dialect: Dialect, request: HttpRequest) -> Answer:
        path, names = request.path, self.config.models or _DEFAULT_MODELS
        model_json = anthropic_wire.model_json if dialect is ANTHROPIC else openai_wire.model_json
        if request.method == "GET" and path.startswith("/v1/models"):
            if problem := dialect.access(request.headers, credential(request.headers), self.config):
                return dialect.error(problem, "")
            name = path.removeprefix("/v1/models").strip("/")
            if not name:
                listed = anthropic_wire.models_answer if dialect is ANTHROPIC else openai_wire.models_answer
                return listed(names)
            if name in names or not self.config.models:
                return Answer(200, dumps(model_json(name)))
            return dialect.error(dialect.fault_problem(Fault.NOT_FOUND, name, 0.0), "")
        if path in ENDPOINTS:
            message = f"Not allowed to {request.method} on {path}."
            return dialect.error(Problem(405, "invalid_request_error", message), "")
        message = f"Invalid URL ({request.method} {path})"
        kind = "not_found_error" if dialect is ANTHROPIC else "invalid_request_error"
        return dialect.error(Problem(404, kind, message), "")

    def respond(
        self, dialect: Dialect, answer: Answer, request_id: str, extra: Sequence[tuple[str, str]] = ()
    ) -> Plan:
        """An answer at once, unrecorded."""
        headers = [(dialect.request_id_header, f"req_{request_id}"), *extra]
        limits = self.limit_lines(dialect)
        opening = head(answer.status, answer.content_type, headers, len(answer.body), limits)
        return Plan((Step(0.0, opening + answer.body),))

    def begin(self, call: Call, digest: bytes) -> None:
        """Record a request that came in."""
        self._in_flight += 1
        call.attempt = self.next_attempt(digest)
        call.in_flight = self._in_flight
        self.calls.append(call)

    def next_attempt(self, digest: bytes) -> int:
        """Count a request with this body; how often it has come, this time included."""
        self._attempts[digest] += 1
        return self._attempts[digest]

    def end(self, call: Call, *, delivered: bool) -> None:
        """Record that a request is over."""
        call.delivered = delivered
        call.ended_s = self.clock()
        self._in_flight = max(0, self._in_flight - 1)  # a reset may have come in between

    def spend(self, tokens: int) -> float:
        """Charge the limits for a request; seconds to wait when it goes beyond them."""
        if not self._limits.enforced:
            return 0.0
        self._limits, wait = self._limits.asked(tokens, time.monotonic())
        return wait

    def written(self, tokens: int) -> None:
        """Charge the limits for an answer."""
        if self.config.output_tokens_per_minute is not None:
            self._limits = self._limits.at(time.monotonic()).written(tokens)

    def limit_lines(self, dialect: Dialect) -> str:
        """Rate limit headers as lines; those without enforced limits are made once a second."""
        now = time.time()
        if self._limits.enforced:
            return _lines(dialect.limit_headers(self._limits.at(time.monotonic()), now))
        made = self._nominal_headers.get(dialect.api)
        if made is None or made[0] != int(now):
            made = self._nominal_headers[dialect.api] = int(now), _lines(dialect.limit_headers(self._limits, now))
        return made[1]

    @property
    def cache(self) -> PrefixCache:
        """The prompt cache."""
        return self._cache

    def clock(self) -> float:
        """Seconds since the start or the last reset."""
        return time.monotonic() - self._started


def _lines(headers: Sequence[tuple[str, str]]) -> str:
    return "\r\n".join(f"{name}: {value}" for name, value in headers)
