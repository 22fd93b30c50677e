"""What Anthropic refuses in a request, in its own words."""

import re
from collections.abc import Mapping
from typing import Any

from tests.model_server.anthropic_wire import invalid
from tests.model_server.config import ServerConfig
from tests.model_server.strictness import anthropic_refusal
from tests.model_server.view import Json
from tests.model_server.wire import Problem

_NAMES = """
cache_control container diagnostics inference_geo max_tokens messages metadata model output_config service_tier
speed stop_sequences stream system thinking tool_choice tools user_profile_id workspace_id temperature top_p top_k
"""
PARAMETERS = frozenset(_NAMES.split())
"""Those of the SDK, and the sampling parameters, which only older models take and the SDK no longer names."""

_TAKES_SAMPLING = re.compile(r"claude-(3|haiku-4|sonnet-4|opus-4-[0156](?!\d))")
_MAX_MARKS = 4


def header_problem(headers: Mapping[str, str], key: str, config: ServerConfig) -> Problem | None:
    """401 for a wrong key, 400 without `anthropic-version`."""
    if config.api_keys and key not in config.api_keys:
        return Problem(401, "authentication_error", "invalid x-api-key" if key else "x-api-key header is required")
    if config.strict and not headers.get("anthropic-version"):
        return invalid("anthropic-version: header is required")
    return None


def model_problem(model: str, config: ServerConfig) -> Problem | None:
    """404 when models are configured and this is none of them."""
    if not config.models or model in config.models:
        return None
    return Problem(404, "not_found_error", f"model: {model}")


def message_problem(body: Json, config: ServerConfig, *, counting: bool = False) -> Problem | None:
    """The first thing wrong with a request, as Anthropic says it; counting tokens needs no `max_tokens`."""
    if not isinstance(body, dict):
        return invalid("The request body is not valid JSON: it is no object.")
    for name in ("model", "messages") if counting else ("model", "max_tokens", "messages"):
        if name not in body:
            return invalid(f"{name}: Field required")
    if not isinstance(body["model"], str) or not body["model"]:
        return invalid("model: String should have at least 1 character")
    if problem := model_problem(body["model"], config):
        return problem
    limit = body.get("max_tokens", 0)
    if isinstance(limit, bool) or not isinstance(limit, int):
        return invalid("max_tokens: Input should be a valid integer")
    if limit < 0:
        return invalid("max_tokens: Input should be greater than or equal to 0")
    if problem := _turns_problem(body):
        return problem
    if config.strict and (problem := _strict_problem(body)):
        return problem
    return _output_problem(body, strict=config.strict)


def _turns_problem(body: dict[str, Any]) -> Problem | None:
    messages = body["messages"]
    if not isinstance(messages, list):
        return invalid("messages: Input should be a valid list")
    if not messages:
        return invalid("messages: at least one message is required")
    for index, message in enumerate(messages):
        if not isinstance(message, dict):
            return invalid(f"messages.{index}: Input should be an object")
        if message.get("role") == "system":
            return invalid(
                'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not '
                '"system" as an input message role.'
            )
        if message.get("role") not in ("user", "assistant"):
            return invalid(f"messages.{index}.role: Input should be 'user' or 'assistant'")
        content = message.get("content")
        if not isinstance(content, (str, list)):
            return invalid(f"messages.{index}.content: Field required")
        if not content and not (message["role"] == "assistant" and index == len(messages) - 1):
            return invalid(f"messages.{index}: {message['role']} messages must have non-empty content")
        for at, block in enumerate(content if isinstance(content, list) else ()):
            if not isinstance(block, dict) or "type" not in block:
                return invalid(f"messages.{index}.content.{at}.type: Field required")
            if block["type"] == "text" and not block.get("text"):
                return invalid("messages: text content blocks must be non-empty")
    if not isinstance(body.get("system", ""), (str, list)):
        return invalid("system: Input should be a valid list")
    return None


def _strict_problem(body: dict[str, Any]) -> Problem | None:
    for name in body:
        if name not in PARAMETERS:
            return invalid(f"{name}: Extra inputs are not permitted")
    temperature = body.get("temperature")
    if temperature is not None and not 0 <= temperature <= 1:
        return invalid("temperature: range: 0..1")
    if body["model"].startswith("claude-") and not _TAKES_SAMPLING.match(body["model"]):
        for name in ("temperature", "top_p", "top_k"):
            if body.get(name) is not None:
                return invalid(f"`{name}` is not supported by {body['model']}.")
    marks = _marks(body)
    if marks > _MAX_MARKS:
        return invalid(f"A maximum of {_MAX_MARKS} blocks with cache_control may be provided. Found {marks}.")
    return None


def _marks(body: dict[str, Any]) -> int:
    """How many blocks ask to be cached; a mark on the whole request counts as one."""
    contents = [body.get("tools"), body.get("system"), *(message["content"] for message in body["messages"])]
    marked = sum(
        1 for content in contents if isinstance(content, list) for block in content if block.get("cache_control")
    )
    return marked + bool(body.get("cache_control"))


def _output_problem(body: dict[str, Any], *, strict: bool) -> Problem | None:
    wanted = (body.get("output_config") or {}).get("format")
    if wanted is not None:
        if not isinstance(wanted, dict) or wanted.get("type") != "json_schema":
            return invalid("output_config.format.type: Input should be 'json_schema'")
        if not isinstance(wanted.get("schema"), dict):
            return invalid("output_config.format.schema: Field required")
        if strict and (refusal := anthropic_refusal(wanted["schema"])):
            return invalid(f"output_config.format.schema: {refusal}")
    names = set()
    for index, tool in enumerate(body.get("tools") or []):
        if not isinstance(tool.get("name"), str):
            return invalid(f"tools.{index}.custom.name: Field required")
        names.add(tool["name"])
        if tool.get("type") in (None, "custom") and not isinstance(tool.get("input_schema"), dict):
            return invalid(f"tools.{index}.custom.input_schema: Field required")
    choice = body.get("tool_choice")
    if choice and choice.get("type") in ("tool", "any") and not names:
        return invalid("tool_choice: tools must be given when a tool is to be used")
    if choice and choice.get("type") == "tool" and choice.get("name") not in names:
        return invalid(f"Tool '{choice.get('name')}' not found in provided tools")
    return None
