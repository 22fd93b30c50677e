"""OpenAI's wire format: reading requests, writing answers, streams and errors."""

from collections.abc import Mapping
from typing import Any

from tests.model_server.config import Fault, ServerConfig
from tests.model_server.limits import NOMINAL_REQUESTS, NOMINAL_TOKENS, Limits
from tests.model_server.questions import read_question, variables_of
from tests.model_server.usage import Tokens, count_tokens
from tests.model_server.view import Api, Finish, Json, OutputMode, Reply, RequestView, Turn, fenced
from tests.model_server.wire import EVENTS, HTML, Answer, Event, Problem, dumps, pieces, text_of

_INVALID = "invalid_request_error"
_FINISH = {Finish.STOP: "stop", Finish.LENGTH: "length", Finish.REFUSAL: "stop"}


def invalid(message: str, param: str | None = None, code: str | None = None, status: int = 400) -> Problem:
    """A refusal of type invalid_request_error."""
    return Problem(status, _INVALID, message, param, code)


def chat_view(body: dict[str, Any], number: int, attempt: int) -> RequestView:
    """A proper request, read."""
    turns = tuple(
        Turn("system" if message["role"] == "developer" else message["role"], text_of(message.get("content")))
        for message in body["messages"]
    )
    document, question = fenced(turns)
    said = read_question(question)
    mode, schema, name = _wanted(body)
    form, names = variables_of(schema, said)
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    return RequestView(
        api=Api.OPENAI,
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
        max_tokens=limit,
        number=number,
        attempt=attempt,
        body=body,
    )


def _wanted(body: Mapping[str, Any]) -> tuple[OutputMode, dict[str, Any] | None, str | None]:
    tools = [tool["function"] for tool in body.get("tools") or [] if tool.get("type") == "function"]
    choice = body.get("tool_choice")
    if tools and (choice == "required" or isinstance(choice, dict)):
        named = choice.get("function", {}).get("name") if isinstance(choice, dict) else None
        tool = next((tool for tool in tools if tool.get("name") == named), tools[0])
        return OutputMode.TOOL, tool.get("parameters") or {"type": "object", "properties": {}}, tool.get("name")
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        return OutputMode.JSON_SCHEMA, wanted["json_schema"]["schema"], wanted["json_schema"]["name"]
    return (OutputMode.JSON_OBJECT if wanted.get("type") == "json_object" else OutputMode.TEXT), None, None


def prefix(view: RequestView, *, schema_in_prefix: bool) -> str:
    """The prompt as the cache sees it: tools and answer schema first, then the messages."""
    body = view.body
    front = dumps(body["tools"]).decode() if body.get("tools") else ""
    if schema_in_prefix and view.mode is OutputMode.JSON_SCHEMA:
        front += dumps(view.schema).decode()
    return f"{front}\n{view.prompt}"


def usage_json(tokens: Tokens) -> dict[str, Json]:
    """The `usage` object."""
    return {
        "prompt_tokens": tokens.input,
        "completion_tokens": tokens.output,
        "total_tokens": tokens.input + tokens.output,
        "prompt_tokens_details": {"cached_tokens": tokens.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def chat_answer(view: RequestView, reply: Reply, tokens: Tokens, identity: str, created: int) -> Answer:
    """A chat completion."""
    message: dict[str, Json] = {"role": "assistant", "content": reply.text, "refusal": None, "annotations": []}
    finish = _FINISH[reply.finish]
    if reply.finish is Finish.REFUSAL:
        message |= {"content": None, "refusal": reply.text}
    elif view.mode is OutputMode.TOOL:
        call = {"name": view.schema_name, "arguments": reply.text}
        message |= {
            "content": None,
            "tool_calls": [{"id": f"call_{identity}", "type": "function", "function": call}],
        }
        if view.body.get("tool_choice") == "required" and finish == "stop":
            finish = "tool_calls"
    body = {
        "id": f"chatcmpl-{identity}",
        "object": "chat.completion",
        "created": created,
        "model": view.model,
        "choices": [
            {"index": index, "message": message, "logprobs": None, "finish_reason": finish}
            for index in range(view.body.get("n") or 1)
        ],
        "usage": usage_json(tokens),
        "service_tier": "default",
        "system_fingerprint": "fp_model_server",
    }
    return Answer(200, dumps(body))


def chat_stream(
    view: RequestView,
    reply: Reply,
    tokens: Tokens,
    identity: str,
    created: int,
    config: ServerConfig,
    *,
    broken: bool,
) -> Answer:
    """A chat completion as a stream of events; `broken` puts an error in the middle and ends there."""
    with_usage = bool((view.body.get("stream_options") or {}).get("include_usage"))
    frame: dict[str, Json] = {
        "id": f"chatcmpl-{identity}",
        "object": "chat.completion.chunk",
        "created": created,
        "model": view.model,
        "service_tier": "default",
        "system_fingerprint": "fp_model_server",
    }

    def event(delta: dict[str, Json], finish: str | None = None, cost: int = 0) -> Event:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        data = frame | {"choices": [choice]} | ({"usage": None} if with_usage else {})
        return Event(cost, b"data: %b\n\n" % dumps(data))

    def delta(part: str) -> dict[str, Json]:
        if reply.finish is Finish.REFUSAL:
            return {"refusal": part}
        if view.mode is OutputMode.TOOL:
            return {"tool_calls": [{"index": 0, "function": {"arguments": part}}]}
        return {"content": part}

    opening: dict[str, Json] = {"role": "assistant", "content": "", "refusal": None}
    if view.mode is OutputMode.TOOL and reply.finish is not Finish.REFUSAL:
        call = {"name": view.schema_name, "arguments": ""}
        tool = {"index": 0, "id": f"call_{identity}", "type": "function", "function": call}
        opening = {"role": "assistant", "content": None, "tool_calls": [tool]}
    parts = pieces(reply.text, config.stream_tokens)
    events = [event(opening)]
    if broken:
        events += [event(delta(part), None, count_tokens(part)) for part in parts[: len(parts) // 2]]
        problem = fault_problem(Fault.SERVER_ERROR, view.model)
        events.append(Event(0, b"data: %b\n\n" % error_answer(problem).body))
        return Answer(200, b"", EVENTS, tuple(events))
    events += [event(delta(part), None, count_tokens(part)) for part in parts]
    events.append(event({}, _FINISH[reply.finish]))
    if with_usage:
        data = frame | {"choices": [], "usage": usage_json(tokens)}
        events.append(Event(0, b"data: %b\n\n" % dumps(data)))
    events.append(Event(0, b"data: [DONE]\n\n"))
    return Answer(200, b"", EVENTS, tuple(events))


def models_answer(names: tuple[str, ...]) -> Answer:
    """The list of models."""
    return Answer(200, dumps({"object": "list", "data": [model_json(name) for name in names]}))


def model_json(name: str) -> dict[str, Json]:
    """One model."""
    return {"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "model-server"}


def error_answer(problem: Problem) -> Answer:
    """An error in OpenAI's shape; a bad gateway is an HTML page, as it comes from a proxy."""
    if problem.status == 502:
        return Answer(502, b"<html><head><title>502 Bad Gateway</title></head></html>", HTML)
    error = {
        "message": problem.message,
        "type": problem.kind,
        "param": problem.param,
        "code": problem.code,
    }
    return Answer(problem.status, dumps({"error": error}))


def fault_problem(fault: Fault, model: str, wait_s: float = 1.0) -> Problem:
    """What OpenAI says for a fault that gives no answer."""
    problems = {
        Fault.RATE_LIMIT: Problem(
            429,
            "requests",
            f"Rate limit reached for {model} on requests per min (RPM). Please try again in {wait_s:g}s.",
            code="rate_limit_exceeded",
        ),
        Fault.QUOTA: Problem(
            429,
            "insufficient_quota",
            "You exceeded your current quota, please check your plan and billing details.",
            code="insufficient_quota",
        ),
        Fault.BAD_REQUEST: invalid("Invalid request."),
        Fault.CONTEXT_LENGTH: context_problem(8192, 9000),
        Fault.UNAUTHORIZED: invalid("Incorrect API key provided.", code="invalid_api_key", status=401),
        Fault.FORBIDDEN: Problem(
            403,
            "request_forbidden",
            "Country, region, or territory not supported",
            code="unsupported_country_region_territory",
        ),
        Fault.NOT_FOUND: invalid(
            f"The model `{model}` does not exist or you do not have access to it.", code="model_not_found", status=404
        ),
        Fault.BAD_GATEWAY: Problem(502, "server_error", "Bad gateway"),
        Fault.UNAVAILABLE: Problem(503, "server_error", "The server is overloaded or not ready yet."),
        Fault.OVERLOADED: Problem(
            503, "server_error", "The engine is currently overloaded, please try again later", code="overloaded"
        ),
    }
    default = Problem(500, "server_error", "The server had an error while processing your request. Sorry about that!")
    return problems.get(fault, default)


def context_problem(limit: int, tokens: int) -> Problem:
    """The prompt is longer than the model reads."""
    return invalid(
        f"This model's maximum context length is {limit} tokens. However, your messages resulted in {tokens} tokens. "
        "Please reduce the length of the messages.",
        "messages",
        "context_length_exceeded",
    )


def _duration(seconds: float) -> str:
    if seconds == 0:
        return "0s"
    if seconds < 0.9995:
        return f"{max(1, round(seconds * 1000))}ms"
    minutes, rest = divmod(round(seconds, 3), 60)
    return f"{int(minutes)}m{rest:g}s" if minutes else f"{rest:g}s"


def limit_headers(limits: Limits, now: float) -> list[tuple[str, str]]:
    """The `x-ratelimit-*` headers; `now` (Unix seconds) is not used, OpenAI tells durations."""
    headers: list[tuple[str, str]] = []
    for name, bucket, nominal in (
        ("requests", limits.requests, NOMINAL_REQUESTS),
        ("tokens", limits.tokens, NOMINAL_TOKENS),
    ):
        limit = bucket.per_minute or nominal
        left = nominal - 1 if bucket.per_minute is None else bucket.remaining()
        headers += [
            (f"x-ratelimit-limit-{name}", str(limit)),
            (f"x-ratelimit-remaining-{name}", str(left)),
            (f"x-ratelimit-reset-{name}", _duration(bucket.reset_s())),
        ]
    return headers
