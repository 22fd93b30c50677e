"""Anthropic's wire format: reading requests, writing messages, streams and errors."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.model_server.config import Fault, ServerConfig
from tests.model_server.limits import NOMINAL_OUTPUT_TOKENS, NOMINAL_REQUESTS, NOMINAL_TOKENS, Bucket, Limits
from tests.model_server.questions import read_question, variables_of
from tests.model_server.usage import Block, Tokens, count_tokens
from tests.model_server.view import Api, Finish, Json, OutputMode, Reply, RequestView, Turn, fenced
from tests.model_server.wire import EVENTS, HTML, Answer, Event, Problem, dumps, pieces, text_of

_FINISH = {Finish.STOP: "end_turn", Finish.LENGTH: "max_tokens", Finish.REFUSAL: "refusal"}


def invalid(message: str) -> Problem:
    """400 in Anthropic's words."""
    return Problem(400, "invalid_request_error", message)


def message_view(body: dict[str, Any], number: int, attempt: int) -> RequestView:
    """A proper request, read."""
    system = text_of(body.get("system", ""))
    turns = tuple(
        ([Turn("system", system)] if system else [])
        + [Turn(message["role"], text_of(message["content"])) for message in body["messages"]]
    )
    document, question = fenced(turns)
    said = read_question(question)
    mode, schema, name = _wanted(body)
    form, names = variables_of(schema, said)
    return RequestView(
        api=Api.ANTHROPIC,
        model=body["model"],
        turns=turns,
        document=document,
        question=question,
        mode=mode,
        schema=schema,
        schema_name=name,
        form=form,
        asked=said,
        properties=names,
        stream=body.get("stream") is True,
        max_tokens=body.get("max_tokens"),
        number=number,
        attempt=attempt,
        body=body,
    )


def _wanted(body: Mapping[str, Any]) -> tuple[OutputMode, dict[str, Any] | None, str | None]:
    choice = body.get("tool_choice") or {}
    tools = body.get("tools") or []
    if tools and choice.get("type") in ("tool", "any"):
        tool = next((tool for tool in tools if tool.get("name") == choice.get("name")), tools[0])
        return OutputMode.TOOL, tool.get("input_schema") or {"type": "object"}, tool["name"]
    wanted = (body.get("output_config") or {}).get("format")
    return (OutputMode.JSON_SCHEMA, wanted["schema"], None) if wanted else (OutputMode.TEXT, None, None)


def blocks(body: Mapping[str, Any], *, schema_in_prefix: bool) -> list[Block]:
    """The prompt as the cache sees it: answer schema, tools, system, messages; each block with its mark."""
    found: list[Block] = []
    wanted = (body.get("output_config") or {}).get("format")
    if wanted and schema_in_prefix:
        found.append(Block(dumps(wanted).decode()))
    for tool in body.get("tools") or []:
        bare = {key: value for key, value in tool.items() if key != "cache_control"}
        found.append(Block(dumps(bare).decode(), bool(tool.get("cache_control"))))
    found += _content_blocks("system", body.get("system") or [])
    for message in body.get("messages") or []:
        found += _content_blocks(message["role"], message["content"])
    if body.get("cache_control") and found:
        found[-1] = Block(found[-1].text, marked=True)
    return found


def _content_blocks(role: str, content: Json) -> list[Block]:
    if isinstance(content, str):
        return [Block(f"{role}\n{content}")]
    return [
        Block(f"{role}\n{block['text'] if 'text' in block else json.dumps(block)}", bool(block.get("cache_control")))
        for block in content
    ]


def usage_json(tokens: Tokens) -> dict[str, Json]:
    """The `usage` object; `input_tokens` are those neither read from nor written to the cache."""
    return {
        "input_tokens": tokens.input - tokens.cached - tokens.written,
        "cache_creation_input_tokens": tokens.written,
        "cache_read_input_tokens": tokens.cached,
        "cache_creation": {"ephemeral_5m_input_tokens": tokens.written, "ephemeral_1h_input_tokens": 0},
        "output_tokens": tokens.output,
        "service_tier": "standard",
    }


def _tool_input(text: str) -> dict[str, Json]:
    """Input of a tool call; text that is no JSON object is carried as documented for fine-grained streaming."""
    try:
        value = json.loads(text)
    except ValueError:
        return {"INVALID_JSON": text}
    return value if isinstance(value, dict) else {"INVALID_JSON": text}


def _ending(view: RequestView, reply: Reply) -> dict[str, Json]:
    stop = _FINISH[reply.finish]
    if view.mode is OutputMode.TOOL and stop == "end_turn":
        stop = "tool_use"
    details = {"type": "refusal", "category": None, "explanation": reply.text} if stop == "refusal" else None
    return {"stop_reason": stop, "stop_sequence": None, "stop_details": details}


def message_answer(view: RequestView, reply: Reply, tokens: Tokens, identity: str) -> Answer:
    """A message."""
    content: list[Json] = []
    if view.mode is OutputMode.TOOL and reply.finish is not Finish.REFUSAL:
        tool_input = {} if reply.finish is Finish.LENGTH else _tool_input(reply.text)
        content = [{"type": "tool_use", "id": f"toolu_{identity}", "name": view.schema_name, "input": tool_input}]
    elif reply.text and reply.finish is not Finish.REFUSAL:
        content = [{"type": "text", "text": reply.text}]
    body = {
        "id": f"msg_{identity}",
        "type": "message",
        "role": "assistant",
        "model": view.model,
        "content": content,
        **_ending(view, reply),
        "usage": usage_json(tokens),
    }
    return Answer(200, dumps(body))


def _event(kind: str, tokens: int = 0, **data: Json) -> Event:
    return Event(tokens, b"event: %b\ndata: %b\n\n" % (kind.encode(), dumps({"type": kind, **data})))


def message_stream(
    view: RequestView, reply: Reply, tokens: Tokens, identity: str, config: ServerConfig, *, broken: bool
) -> Answer:
    """A message as a stream of events; `broken` puts an error event in the middle and ends there."""
    start: dict[str, Json] = {
        "id": f"msg_{identity}",
        "type": "message",
        "role": "assistant",
        "model": view.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage_json(tokens) | {"output_tokens": 1},
    }
    events = [_event("message_start", message=start)]
    refused = reply.finish is Finish.REFUSAL
    if not refused:
        tool = view.mode is OutputMode.TOOL
        opening: dict[str, Json] = (
            {"type": "tool_use", "id": f"toolu_{identity}", "name": view.schema_name, "input": {}}
            if tool
            else {"type": "text", "text": ""}
        )
        events.append(_event("content_block_start", index=0, content_block=opening))
        events.append(_event("ping"))
        parts = pieces(reply.text, config.stream_tokens)
        for part in parts[: len(parts) // 2] if broken else parts:
            delta = (
                {"type": "input_json_delta", "partial_json": part} if tool else {"type": "text_delta", "text": part}
            )
            events.append(_event("content_block_delta", count_tokens(part), index=0, delta=delta))
    if broken:
        problem = fault_problem(Fault.OVERLOADED, view.model)
        events.append(_event("error", error={"type": problem.kind, "message": problem.message}))
        return Answer(200, b"", EVENTS, tuple(events))
    if not refused:
        events.append(_event("content_block_stop", index=0))
    counted = {
        key: value for key, value in usage_json(tokens).items() if key not in ("cache_creation", "service_tier")
    }
    events.append(_event("message_delta", delta=_ending(view, reply), usage=counted))
    events.append(_event("message_stop"))
    return Answer(200, b"", EVENTS, tuple(events))


def models_answer(names: tuple[str, ...]) -> Answer:
    """The list of models."""
    data = [model_json(name) for name in names]
    ends = {"first_id": names[0] if names else None, "last_id": names[-1] if names else None}
    return Answer(200, dumps({"data": data, "has_more": False, **ends}))


def model_json(name: str) -> dict[str, Json]:
    """One model."""
    return {
        "type": "model",
        "id": name,
        "display_name": name,
        "created_at": "2025-01-01T00:00:00Z",
        "lifecycle": "active",
    }


def error_answer(problem: Problem, request_id: str | None = None) -> Answer:
    """An error in Anthropic's shape; a bad gateway is an HTML page, as it comes from a proxy."""
    if problem.status == 502:
        return Answer(502, b"<html><head><title>502 Bad Gateway</title></head></html>", HTML)
    error = {"type": problem.kind, "message": problem.message}
    return Answer(problem.status, dumps({"type": "error", "error": error, "request_id": request_id}))


def fault_problem(fault: Fault, model: str, wait_s: float = 1.0) -> Problem:
    """What Anthropic says for a fault that gives no answer."""
    problems = {
        Fault.RATE_LIMIT: Problem(
            429,
            "rate_limit_error",
            f"This request would exceed your organization's rate limit; try again in {wait_s:g} seconds.",
        ),
        Fault.QUOTA: invalid("Your credit balance is too low to access the Anthropic API."),
        Fault.BAD_REQUEST: invalid("Invalid request."),
        Fault.CONTEXT_LENGTH: context_problem(200_000, 210_000),
        Fault.UNAUTHORIZED: Problem(401, "authentication_error", "invalid x-api-key"),
        Fault.FORBIDDEN: Problem(
            403, "permission_error", "Your API key does not have permission to use the specified resource."
        ),
        Fault.NOT_FOUND: Problem(404, "not_found_error", f"model: {model}"),
        Fault.BAD_GATEWAY: Problem(502, "api_error", "Bad gateway"),
        Fault.UNAVAILABLE: Problem(503, "api_error", "Service unavailable"),
        Fault.OVERLOADED: Problem(529, "overloaded_error", "Overloaded"),
    }
    return problems.get(fault, Problem(500, "api_error", "Internal server error"))


def context_problem(limit: int, tokens: int) -> Problem:
    """The prompt is longer than the model reads."""
    return invalid(f"prompt is too long: {tokens} tokens > {limit} maximum")


def limit_headers(limits: Limits, now: float) -> list[tuple[str, str]]:
    """The `anthropic-ratelimit-*` headers; `now` in Unix seconds, Anthropic tells times of day."""
    headers: list[tuple[str, str]] = []
    tightest = min(limits.tokens, limits.output, key=_share_left)
    for name, bucket, nominal in (
        ("requests", limits.requests, NOMINAL_REQUESTS),
        ("tokens", tightest, NOMINAL_TOKENS),
        ("input-tokens", limits.tokens, NOMINAL_TOKENS),
        ("output-tokens", limits.output, NOMINAL_OUTPUT_TOKENS),
    ):
        limit = bucket.per_minute or nominal
        left = nominal - 1 if bucket.per_minute is None else bucket.remaining()
        # whole seconds, rounded up: at that time the bucket is full
        full = datetime.fromtimestamp(math.ceil(now + bucket.reset_s()), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        prefix = f"anthropic-ratelimit-{name}"
        headers += [(f"{prefix}-limit", str(limit)), (f"{prefix}-remaining", str(left)), (f"{prefix}-reset", full)]
    return headers


def _share_left(bucket: Bucket) -> float:
    return 2.0 if bucket.per_minute is None else bucket.level / bucket.per_minute
