"""OpenAI, and every server that speaks its chat-completions API (vLLM, Ollama, llama.cpp, …).

The SDK's transport is used with its own retries off; the body is posted as it is and the JSON read as it comes,
which saves the SDK's per-call type construction (measured in benchmarks/).
"""

import json
from typing import Any
from urllib.parse import urlparse

import httpx2
import openai

from resources.models.errors import ConnectionLostError, ContentRefusedError
from resources.models.providers.http_errors import from_connection, from_status
from resources.models.request import ModelReply, ModelRequest, Usage


class OpenAIProvider:
    """Chat completions with a JSON Schema that the server enforces where it can."""

    name = "openai"
    reads_whole_documents = False

    def __init__(
        self, model: str, *, api_key: str, base_url: str | None = None, timeout_seconds: float = 120
    ) -> None:
        self.model = model
        self._client = openai.AsyncOpenAI(
            api_key=api_key,
            base_url=base_url,
            max_retries=0,
            timeout=timeout_seconds,
            http_client=openai.DefaultAioHttpClient(
                limits=httpx2.Limits(max_connections=None, max_keepalive_connections=None)
            ),
        )
        official = urlparse(str(self._client.base_url)).hostname == "api.openai.com"
        self._limit_name = "max_completion_tokens" if official else "max_tokens"
        self._unsupported: set[str] = set()  # parameters that this model turned out not to take

    def parameters(self, request: ModelRequest) -> dict[str, Any]:
        """Temperature and output limit."""
        return {"temperature": request.temperature, "max_output_tokens": request.max_output_tokens}

    async def generate(self, request: ModelRequest) -> ModelReply:
        """One chat completion. A parameter that the model does not take is left out from then on."""
        while True:
            try:
                response = await self._client.post(
                    "/chat/completions", body=self._body(request), cast_to=httpx2.Response
                )
                return self._reply(response.content)
            except openai.APIStatusError as error:
                if error.status_code == 400 and self._drop_parameter(error):
                    continue
                raise from_status(
                    self.name, error.status_code, error.message, error.response.headers
                ) from error
            except openai.APIConnectionError as error:
                raise from_connection(self.name, error) from error
            except httpx2.TransportError as error:  # the body broke off while it was read
                raise from_connection(self.name, error) from error

    def _body(self, request: ModelRequest) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [
                {"role": "system", "content": request.system},
                {"role": "user", "content": f"{request.document_message}\n\n{request.question}"},
            ],
            self._limit_name: request.max_output_tokens,
        }
        optional: dict[str, Any] = {
            "temperature": request.temperature,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": request.schema_name, "strict": True, "schema": request.schema},
            },
            "prompt_cache_key": request.fence,
        }
        if self._limit_name == "max_tokens":
            optional.pop("prompt_cache_key")
        body.update({key: value for key, value in optional.items() if key not in self._unsupported})
        return body

    def _drop_parameter(self, error: openai.APIStatusError) -> bool:
        named = error.param if isinstance(error.param, str) else ""
        text = f"{named} {error.message}"
        for key in ("temperature", "prompt_cache_key", "response_format"):
            if key in text and key not in self._unsupported:
                self._unsupported.add(key)
                return True
        return False

    def _reply(self, content: bytes) -> ModelReply:
        try:
            data = json.loads(content)
            choice = data["choices"][0]
            message = choice["message"]
        except (ValueError, LookupError, TypeError) as error:
            raise ConnectionLostError(f"{self.name} sent no chat completion: {content[:200]!r}") from error
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
