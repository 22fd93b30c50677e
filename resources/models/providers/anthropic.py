"""Anthropic's Messages API, with the document cached as a prefix and the answer held to its JSON Schema."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import anthropic
import httpx2

from resources.models.errors import ConnectionLostError, ContentRefusedError
from resources.models.providers.anthropic_schema import MOST_UNIONS, unions, with_nulls, without_unions
from resources.models.providers.anthropic_stream import StreamedMessage
from resources.models.providers.endpoint import MOST_CONNECTIONS, Endpoint, account
from resources.models.request import ModelReply, ModelRequest, Usage

_TAKES_TEMPERATURE = re.compile(r"claude-(3|haiku-4|sonnet-4|opus-4-[0156](?!\d))")
"""Families whose API still takes `temperature`; version 2 of the SDK no longer knows the parameter."""

_CACHED = {"type": "ephemeral"}


class AnthropicProvider:
    """Messages with `output_config.format`; system and document carry `cache_control`."""

    name = "anthropic"
    reads_whole_documents = False
    caches_prefixes = True

    def __init__(
        self, model: str, *, api_key: str, base_url: str | None = None, timeout_seconds: float = 120
    ) -> None:
        self.model = model
        http = anthropic.DefaultAioHttpClient(limits=httpx2.Limits(max_connections=MOST_CONNECTIONS))
        self._client = anthropic.AsyncAnthropic(api_key=api_key, base_url=base_url, max_retries=0, http_client=http)
        headers = {**self._client.default_headers, **self._client.auth_headers}
        self.account: str | None = account(self._client.base_url, api_key)
        url = self._client.base_url.join("v1/messages")
        self._messages = Endpoint(self.name, http, url, headers, timeout_seconds)

    def schema(self, request: ModelRequest) -> dict[str, Any] | None:
        """The same for all questions of a kind."""
        return request.schema

    def parameters(self, request: ModelRequest) -> dict[str, Any]:
        """Output limit, and temperature where the model takes it."""
        parameters: dict[str, Any] = {"max_output_tokens": request.max_output_tokens}
        if _TAKES_TEMPERATURE.match(self.model):
            parameters["temperature"] = request.temperature
        return parameters

    async def generate(self, request: ModelRequest) -> ModelReply:
        """One message."""
        data, limits = await self._messages.post(self.body(request))
        return replace(self.reply(data), limits=limits)

    async def stream(self, request: ModelRequest, deliver: Callable[[str], None]) -> ModelReply:
        """One message, handed on as it comes. Raises as `generate`, and ConnectionLostError when it breaks off."""
        answer = StreamedMessage()
        async with self._messages.stream(self.body(request) | {"stream": True}) as (events, limits):
            async for event in events:
                deliver(answer.add(event))
        return replace(self.reply(answer.whole(self.name)), limits=limits)

    def body(self, request: ModelRequest) -> dict[str, Any]:
        """What is sent for a request. A schema with too many unions is narrowed; `reply` turns the answer back."""
        parameters = self.parameters(request)
        document = {"type": "text", "text": request.document_message, "cache_control": _CACHED}
        question = {"type": "text", "text": request.question}
        body: dict[str, Any] = {
            "model": self.model,
            "max_tokens": parameters.pop("max_output_tokens"),
            "system": [{"type": "text", "text": request.system}],
            "messages": [{"role": "user", "content": [document, question] if request.document else [question]}],
        }
        if request.schema is not None:
            narrow = unions(request.schema) > MOST_UNIONS
            schema = without_unions(request.schema) if narrow else request.schema
            body["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
        return body | parameters

    def reply(self, data: Any) -> ModelReply:
        """The answer in the JSON of a response. Raises ContentRefusedError, and ConnectionLostError for no answer."""
        try:
            text = "".join(block["text"] for block in data["content"] if block["type"] == "text")
        except (LookupError, TypeError) as error:
            raise ConnectionLostError(f"{self.name} sent no message: {str(data)[:200]}") from error
        reason = data.get("stop_reason") or "end_turn"
        if reason == "refusal":
            raise ContentRefusedError(f"{self.model} declined to answer.")
        usage = data.get("usage") or {}
        cached = usage.get("cache_read_input_tokens") or 0
        written = usage.get("cache_creation_input_tokens") or 0
        return ModelReply(
            text=with_nulls(text),
            finish_reason={"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length"}.get(reason, reason),
            usage=Usage(
                input_tokens=(usage.get("input_tokens") or 0) + cached + written,
                cached_tokens=cached,
                output_tokens=usage.get("output_tokens") or 0,
                cache_write_tokens=written,
            ),
            model=data.get("model") or self.model,
            request_id=data.get("id"),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
