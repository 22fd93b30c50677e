"""OpenAI, and every server that speaks its chat-completions API (vLLM, Ollama, llama.cpp, …)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import openai

from resources.models.errors import (
    ConnectionLostError,
    ContentRefusedError,
    ParameterLearntError,
    RequestRefusedError,
)
from resources.models.providers.endpoint import MOST_CONNECTIONS, Endpoint, account
from resources.models.providers.openai_stream import StreamedCompletion
from resources.models.request import ModelReply, ModelRequest, Usage

_LIMITS = {"max_completion_tokens": "max_tokens", "max_tokens": "max_completion_tokens"}
_NOT_TAKEN = ("unsupported", "not support", "unknown", "unrecognized", "not permitted", "not allowed", "unavailable")
"""Words by which servers say that they do not take a parameter, in messages or codes."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """Which parameters a model takes; learnt from what it refuses."""

    limit_name: str  # 'max_completion_tokens' or 'max_tokens'
    without: frozenset[str] = frozenset()

    def after(self, refusal: RequestRefusedError, body: Mapping[str, Any]) -> "Dialect | None":
        """The dialect to try after `body` was refused; None when the refusal is about something else.

        It looks at what was sent, not at what is known by now: many calls may be in flight when the first is refused.
        """
        words = f"{refusal.code or ''} {refusal}".lower()
        if refusal.status not in {400, 422} or not any(word in words for word in _NOT_TAKEN):
            return None
        for name in ("temperature", "prompt_cache_key", "response_format", "stream_options"):
            if name in body and (refusal.param or str(refusal)).find(name) >= 0:
                return replace(self, without=self.without | {name})
        for name, other in _LIMITS.items():
            named = refusal.param == name if refusal.param else f"'{name}' is not" in str(refusal)
            if name in body and named:
                return replace(self, limit_name=other)
        return None


class OpenAIProvider:
    """Chat completions with a JSON Schema that the server enforces where it can."""

    name = "openai"
    reads_whole_documents = False
    caches_prefixes = True

    def __init__(
        self, model: str, *, api_key: str, base_url: str | None = None, timeout_seconds: float = 120
    ) -> None:
        self.model = model
        http = openai.DefaultAioHttpClient(limits=httpx2.Limits(max_connections=MOST_CONNECTIONS))
        self._client = openai.AsyncOpenAI(api_key=api_key, base_url=base_url, max_retries=0, http_client=http)
        base = self._client.base_url
        headers = {**self._client.default_headers, **self._client.auth_headers}
        self.account: str | None = account(base, api_key)
        self._chat = Endpoint(self.name, http, base.join("chat/completions"), headers, timeout_seconds)
        self._dialect = (
            Dialect("max_completion_tokens")
            if base.host == "api.openai.com"
            else Dialect("max_tokens", frozenset({"prompt_cache_key"}))
        )

    def schema(self, request: ModelRequest) -> dict[str, Any] | None:
        """The same for all questions of a kind."""
        return request.schema

    def parameters(self, request: ModelRequest) -> dict[str, Any]:
        """Temperature and output limit."""
        return {"temperature": request.temperature, "max_output_tokens": request.max_output_tokens}

    async def generate(self, request: ModelRequest) -> ModelReply:
        """One chat completion. Raises ParameterLearntError when one without a certain parameter may do."""
        body = self.body(request)
        try:
            data, limits = await self._chat.post(body)
        except RequestRefusedError as refusal:
            raise self._learnt(refusal, body) or refusal from None
        return replace(self.reply(data), limits=limits)

    async def stream(self, request: ModelRequest, deliver: Callable[[str], None]) -> ModelReply:
        """One chat completion, handed on as it comes. Raises as `generate`; ConnectionLostError if it breaks off."""
        body = self.body(request) | {"stream": True, "stream_options": {"include_usage": True}}
        for name in self._dialect.without & {"stream_options"}:
            del body[name]
        answer = StreamedCompletion()
        try:
            async with self._chat.stream(body) as (events, limits):
                async for event in events:
                    deliver(answer.add(event))
        except RequestRefusedError as refusal:
            raise self._learnt(refusal, body) or refusal from None
        return replace(self.reply(answer.whole(self.name)), limits=limits)

    def _learnt(self, refusal: RequestRefusedError, body: Mapping[str, Any]) -> ParameterLearntError | None:
        """Leave out from now on what the server says it does not take; None when it says something else."""
        dialect = self._dialect.after(refusal, body)
        if dialect is None:
            return None
        self._dialect = dialect
        return ParameterLearntError(f"{refusal} It is left out from now on.", status=refusal.status)

    def body(self, request: ModelRequest) -> dict[str, Any]:
        """What is sent for a request, by what is known of the server so far."""
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [
                {"role": "system", "content": request.system},
                {"role": "user", "content": request.user_text},
            ],
            self._dialect.limit_name: request.max_output_tokens,
            "temperature": request.temperature,
            "prompt_cache_key": request.fence,
        }
        if request.schema is not None:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": request.schema_name, "strict": True, "schema": request.schema},
            }
        return {name: value for name, value in body.items() if name not in self._dialect.without}

    def reply(self, data: Any) -> ModelReply:
        """The answer in the JSON of a response. Raises ContentRefusedError, and ConnectionLostError for no answer."""
        try:
            choice = data["choices"][0]
            message = choice["message"]
        except (LookupError, TypeError) as error:
            raise ConnectionLostError(f"{self.name} sent no chat completion: {str(data)[:200]}") from error
        if message.get("refusal"):
            raise ContentRefusedError(f"{self.model} declined: {message['refusal']}")
        if choice.get("finish_reason") == "content_filter":
            raise ContentRefusedError(f"{self.model}: the provider's content filter stopped the answer.")
        usage = data.get("usage") or {}
        details = usage.get("prompt_tokens_details") or {}
        return ModelReply(
            text=message.get("content") or "",
            finish_reason=choice.get("finish_reason") or "stop",
            usage=Usage(
                input_tokens=usage.get("prompt_tokens") or 0,
                cached_tokens=details.get("cached_tokens") or 0,
                output_tokens=usage.get("completion_tokens") or 0,
            ),
            model=data.get("model") or self.model,
            request_id=data.get("id"),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
