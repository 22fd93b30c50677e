"""What OpenAI refuses in a request, in its own words."""

import re
from typing import Any

from tests.model_server.config import ServerConfig
from tests.model_server.openai_wire import invalid
from tests.model_server.strictness import openai_refusal
from tests.model_server.view import Json
from tests.model_server.wire import Problem, text_of

ROLES = ("system", "assistant", "user", "function", "tool", "developer")
_NAMES = """
audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens messages
metadata modalities model moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key
prompt_cache_options prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier
stop store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity
web_search_options
"""
PARAMETERS = frozenset(_NAMES.split())
_REASONING = re.compile(r"o\d|gpt-5(-mini|-nano)?(-\d{4}|$)")
_SCHEMA_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def missing(param: str) -> Problem:
    """A required parameter is not there."""
    return invalid(f"Missing required parameter: '{param}'.", param, "missing_required_parameter")


def _wrong(param: str, expected: str, value: Json) -> Problem:
    names = {dict: "an object", list: "an array", str: "a string", int: "an integer", float: "a decimal"}
    got = "null" if value is None else names.get(type(value), "a boolean")
    message = f"Invalid type for '{param}': expected {expected}, but got {got} instead."
    return invalid(message, param, "invalid_type")


def key_problem(key: str, config: ServerConfig) -> Problem | None:
    """401 when a key is configured and another or none was sent."""
    if not config.api_keys or key in config.api_keys:
        return None
    if not key:
        return invalid(
            "You didn't provide an API key. You need to provide your API key in an Authorization header using "
            "Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
            status=401,
        )
    shown = f"{key[:4]}***{key[-2:]}"
    return invalid(f"Incorrect API key provided: {shown}.", code="invalid_api_key", status=401)


def model_problem(model: str, config: ServerConfig) -> Problem | None:
    """404 when models are configured and this is none of them."""
    if not config.models or model in config.models:
        return None
    return invalid(
        f"The model `{model}` does not exist or you do not have access to it.", None, "model_not_found", 404
    )


def chat_problem(body: Json, config: ServerConfig) -> Problem | None:
    """The first thing wrong with a chat completion request, as OpenAI says it; None when it is proper."""
    if not isinstance(body, dict):
        return invalid("We could not parse the JSON body of your request: it is no object.")
    if not isinstance(body.get("model"), str) or not body["model"]:
        return invalid("you must provide a model parameter")
    if problem := _messages_problem(body):
        return problem
    if problem := model_problem(body["model"], config):
        return problem
    for name, low, high in (("temperature", 0, 2), ("top_p", 0, 1)):
        value = body.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return _wrong(name, "a decimal", value)
        if not low <= value <= high:
            side, bound = ("below minimum", low) if value < low else ("above maximum", high)
            code = "decimal_below_min_value" if value < low else "decimal_above_max_value"
            sign = ">=" if value < low else "<="
            return invalid(
                f"Invalid '{name}': decimal {side} value. Expected a value {sign} {bound}, but got {value} instead.",
                name,
                code,
            )
    for name in ("max_tokens", "max_completion_tokens", "n"):
        value = body.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int):
            return _wrong(name, "an integer", value)
        if value < 1:
            return invalid(
                f"Invalid '{name}': integer below minimum value. Expected a value >= 1, but got {value} instead.",
                name,
                "integer_below_min_value",
            )
    if body.get("stream_options") is not None and body.get("stream") is not True:
        return invalid("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options")
    return (_strict_problem(body) if config.strict else None) or _format_problem(body, strict=config.strict)


def _messages_problem(body: dict[str, Any]) -> Problem | None:
    if "messages" not in body:
        return missing("messages")
    messages = body["messages"]
    if not isinstance(messages, list):
        return _wrong("messages", "an array of objects", messages)
    if not messages:
        return invalid(
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array "
            "instead.",
            "messages",
            "empty_array",
        )
    for index, message in enumerate(messages):
        at = f"messages[{index}]"
        if not isinstance(message, dict):
            return _wrong(at, "an object", message)
        if "role" not in message:
            return missing(f"{at}.role")
        if message["role"] not in ROLES:
            supported = ", ".join(f"'{role}'" for role in ROLES)
            return invalid(
                f"Invalid value: '{message['role']}'. Supported values are: {supported}.",
                f"{at}.role",
                "invalid_value",
            )
        content = message.get("content")
        if content is None:
            if message["role"] != "assistant":
                return missing(f"{at}.content")
        elif not isinstance(content, (str, list)):
            return _wrong(f"{at}.content", "one of an array of objects or string", content)
    return None


def _strict_problem(body: dict[str, Any]) -> Problem | None:
    """What only the real service minds: unknown parameters, and those that reasoning models do not take."""
    for name in body:
        if name not in PARAMETERS:
            return invalid(f"Unknown parameter: '{name}'.", name, "unknown_parameter")
    if _REASONING.match(body["model"]) and body.get("reasoning_effort") != "none":
        if body.get("max_tokens") is not None:
            return invalid(
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' "
                "instead.",
                "max_tokens",
                "unsupported_parameter",
            )
        if body.get("temperature") not in (None, 1):
            return invalid(
                f"Unsupported value: 'temperature' does not support {body['temperature']} with this model. Only the "
                "default (1) value is supported.",
                "temperature",
                "unsupported_value",
            )
    if body.get("max_tokens") is not None and body.get("max_completion_tokens") is not None:
        return invalid("Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.")
    return None


def _format_problem(body: dict[str, Any], *, strict: bool) -> Problem | None:
    wanted = body.get("response_format")
    if wanted is None:
        return None
    if not isinstance(wanted, dict):
        return _wrong("response_format", "an object", wanted)
    kind = wanted.get("type")
    if kind not in ("text", "json_object", "json_schema"):
        return invalid(
            f"Invalid value: '{kind}'. Supported values are: 'json_object', 'json_schema', and 'text'.",
            "response_format.type",
            "invalid_value",
        )
    if kind == "json_object" and strict:
        words = " ".join(text_of(message.get("content")) for message in body["messages"])
        if "json" not in words.lower():
            return invalid(
                "'messages' must contain the word 'json' in some form, to use 'response_format' of type "
                "'json_object'.",
                "messages",
            )
    if kind != "json_schema":
        return None
    described = wanted.get("json_schema")
    if not isinstance(described, dict):
        return missing("response_format.json_schema")
    if not isinstance(described.get("name"), str):
        return missing("response_format.json_schema.name")
    if not _SCHEMA_NAME.fullmatch(described["name"]):
        return invalid(
            f"Invalid 'response_format.json_schema.name': string does not match pattern. Expected a string that "
            f"matches the pattern '^[a-zA-Z0-9_-]+$' of at most 64 characters, but got {described['name']!r}.",
            "response_format.json_schema.name",
            "invalid_value",
        )
    if not isinstance(described.get("schema"), dict):
        return missing("response_format.json_schema.schema")
    if strict and described.get("strict") and (refusal := openai_refusal(described["schema"])):
        return invalid(f"Invalid schema for response_format '{described['name']}': {refusal}", "response_format")
    return None
