"""A GGUF model in this process through llama.cpp (`xllamacpp`): document first, so its KV cache serves all variables.

`OMP_WAIT_POLICY=PASSIVE` must be set before the library is loaded: with busy-waiting threads, another process on
the same cores slows generation twenty-fold.
"""

import asyncio
import json
import os
import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from resources.models.errors import ModelMissingError
from resources.models.providers.http_errors import from_status
from resources.models.request import ModelReply, ModelRequest, Usage

_CONTEXT_TOKENS = 12_288  # a document of 5,000 words, the rules, the question and the answer
_CACHE_MIB = 1_024


class GgufProvider:
    """One slot: on few cores more of them give no throughput, and answers would depend on what runs beside them."""

    name = "gguf"
    account: str | None = None
    reads_whole_documents = False
    caches_prefixes = True

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise ModelMissingError(f"There is no GGUF file at {path}. Give gguf:/path/to/model.gguf.")
        self.path = path
        self.model = path.stem
        self._server: Any = None
        self._one_at_a_time = asyncio.Lock()

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

    def _load(self) -> Any:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        import xllamacpp

        params = xllamacpp.CommonParams()
        params.model.path = str(self.path)
        params.offline = True
        params.n_parallel = 1
        params.n_ctx = _CONTEXT_TOKENS
        params.cache_ram_mib = _CACHE_MIB
        threads = max(1, os.cpu_count() or 1)
        params.cpuparams.n_threads = threads
        params.cpuparams_batch.n_threads = threads
        params.hostnames = ["127.0.0.1"]
        # The library also listens on a port: a free one, and a key that nobody knows keeps others out.
        params.port = 0
        params.api_keys = [secrets.token_urlsafe(32)]
        params.verbosity = 1  # errors only
        try:
            return xllamacpp.Server(params)
        except RuntimeError as error:
            raise ModelMissingError(f"{self.path} could not be loaded: {error}") from error

    async def generate(self, request: ModelRequest) -> ModelReply:
        """One chat completion, in a thread: generation releases the interpreter lock."""
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
        async with self._one_at_a_time:
            loop = asyncio.get_running_loop()
            if self._server is None:
                self._server = await loop.run_in_executor(None, self._load)
            answer = await loop.run_in_executor(None, partial(self._server.handle_chat_completions, body))
        return self._reply(answer)

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
        """Drop the model, once what is being generated has ended."""
        async with self._one_at_a_time:
            self._server = None
