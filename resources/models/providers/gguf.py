"""A GGUF model in this process through llama.cpp: document first, so its KV cache serves all variables."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from resources.models.errors import ModelMissingError
from resources.models.providers.gguf_models import MODELS, Models
from resources.models.providers.http_errors import from_status
from resources.models.request import ModelReply, ModelRequest, Usage


class GgufProvider:
    """One file. The model itself is the process's: see `gguf_models`."""

    name = "gguf"
    account: str | None = None
    reads_whole_documents = False
    caches_prefixes = True

    def __init__(self, path: Path, models: Models = MODELS) -> None:
        if not path.is_file():
            raise ModelMissingError(f"There is no GGUF file at {path}. Give gguf:/path/to/model.gguf.")
        self.path = path
        self.model = path.stem
        self._models = models

    def schema(self, request: ModelRequest) -> dict[str, Any] | None:
        """Types and categories hold while the model writes, and it is asked for no quotes."""
        return request.local_schema or request.schema

    def parameters(self, request: ModelRequest) -> dict[str, Any]:
        """Temperature, output limit, and the file by its size: another quantisation is another model."""
        return {
            "temperature": request.temperature,
            "max_output_tokens": request.max_output_tokens,
            "bytes": self.path.stat().st_size,
        }

    async def generate(self, request: ModelRequest) -> ModelReply:
        """One chat completion, after those for which others wait."""
        body: dict[str, Any] = {
            "messages": [
                {"role": "system", "content": request.system},
                {"role": "user", "content": request.user_text},
            ],
            "temperature": request.temperature,
            "max_tokens": request.max_output_tokens,
            "cache_prompt": True,
        }
        if (schema := self.schema(request)) is not None:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": request.schema_name, "strict": True, "schema": schema},
            }
        return self._reply(await self._models.ask(self.path, body))

    async def stream(self, request: ModelRequest, deliver: Callable[[str], None]) -> ModelReply:
        """One chat completion, handed on in one piece."""
        reply = await self.generate(request)
        deliver(reply.text)
        return reply

    def _reply(self, answer: Any) -> ModelReply:
        data = json.loads(answer) if isinstance(answer, str | bytes) else answer
        if not isinstance(data, dict) or "choices" not in data:
            error = data.get("error", data) if isinstance(data, dict) else data
            code = error.get("code") if isinstance(error, dict) else None
            status = code if isinstance(code, int) and code >= 400 else 500
            raise from_status(self.model, status, json.dumps({"error": error}).encode(), {})
        choice = data["choices"][0]
        usage = data.get("usage") or {}
        details = usage.get("prompt_tokens_details") or {}
        return ModelReply(
            text=choice["message"].get("content") or "",
            finish_reason=choice.get("finish_reason") or "stop",
            usage=Usage(
                input_tokens=usage.get("prompt_tokens") or 0,
                cached_tokens=details.get("cached_tokens") or 0,
                output_tokens=usage.get("completion_tokens") or 0,
            ),
            model=self.model,
            request_id=data.get("id"),
        )

    async def close(self) -> None:
        """Nothing: the model stays for the next who asks, until the process ends or another takes its place."""
