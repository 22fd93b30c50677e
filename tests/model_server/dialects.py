"""The two wire formats behind one set of functions, so that the application treats them alike."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.model_server import anthropic_checks, anthropic_wire, openai_checks, openai_wire
from tests.model_server.config import Fault, ServerConfig
from tests.model_server.limits import Limits
from tests.model_server.usage import PrefixCache, Prompted, Tokens, count_tokens
from tests.model_server.view import Api, Json, Reply, RequestView
from tests.model_server.wire import Answer, Problem


@dataclass(frozen=True, slots=True)
class Dialect:
    """One provider's way to say things. `identity` names a response, `broken` breaks a stream in the middle."""

    api: Api
    request_id_header: str
    access: Callable[[Mapping[str, str], str, ServerConfig], Problem | None]
    problem: Callable[[Json, ServerConfig], Problem | None]
    view: Callable[[dict[str, Any], int, int], RequestView]
    prompted: Callable[[RequestView, PrefixCache, ServerConfig], Prompted]
    answer: Callable[[RequestView, Reply, Tokens, str, ServerConfig], Answer]
    stream: Callable[[RequestView, Reply, Tokens, str, ServerConfig, bool], Answer]
    error: Callable[[Problem, str], Answer]
    fault_problem: Callable[[Fault, str, float], Problem]
    context_problem: Callable[[int, int], Problem]
    limit_headers: Callable[[Limits, float], list[tuple[str, str]]]


def _openai_tokens(view: RequestView, cache: PrefixCache, config: ServerConfig) -> Prompted:
    prompt = openai_wire.prefix(view, schema_in_prefix=config.schema_in_prefix)
    cached, entries = cache.automatic(view.model, prompt)
    return Prompted(Tokens(count_tokens(prompt), cached), entries)


def _anthropic_tokens(view: RequestView, cache: PrefixCache, config: ServerConfig) -> Prompted:
    blocks = anthropic_wire.blocks(view.body, schema_in_prefix=config.schema_in_prefix)
    read, written, entries = cache.explicit(view.model, blocks)
    return Prompted(Tokens(count_tokens("".join(block.text for block in blocks)), read, written), entries)


OPENAI = Dialect(
    api=Api.OPENAI,
    request_id_header="x-request-id",
    access=lambda headers, key, config: openai_checks.key_problem(key, config),
    problem=openai_checks.chat_problem,
    view=openai_wire.chat_view,
    prompted=_openai_tokens,
    answer=lambda view, reply, tokens, identity, config: openai_wire.chat_answer(
        view, reply, tokens, identity, int(time.time())
    ),
    stream=lambda view, reply, tokens, identity, config, broken: openai_wire.chat_stream(
        view, reply, tokens, identity, int(time.time()), config, broken=broken
    ),
    error=lambda problem, request_id: openai_wire.error_answer(problem),
    fault_problem=openai_wire.fault_problem,
    context_problem=openai_wire.context_problem,
    limit_headers=openai_wire.limit_headers,
)

ANTHROPIC = Dialect(
    api=Api.ANTHROPIC,
    request_id_header="request-id",
    access=anthropic_checks.header_problem,
    problem=anthropic_checks.message_problem,
    view=anthropic_wire.message_view,
    prompted=_anthropic_tokens,
    answer=lambda view, reply, tokens, identity, config: anthropic_wire.message_answer(view, reply, tokens, identity),
    stream=lambda view, reply, tokens, identity, config, broken: anthropic_wire.message_stream(
        view, reply, tokens, identity, config, broken=broken
    ),
    error=anthropic_wire.error_answer,
    fault_problem=anthropic_wire.fault_problem,
    context_problem=anthropic_wire.context_problem,
    limit_headers=anthropic_wire.limit_headers,
)


def dialect_of(path: str, headers: Mapping[str, str]) -> Dialect:
    """Whose client is asking, for endpoints that both have."""
    anthropic = path.startswith("/v1/messages") or "anthropic-version" in headers
    return ANTHROPIC if anthropic else OPENAI
