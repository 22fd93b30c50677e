"""From a provider's name to its batch service, and which providers have one."""

import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Protocol, Self, cast

from resources.models.batches.service import BatchProvider, BatchService
from resources.models.errors import ModelMissingError
from resources.models.providers.choose import make_provider, parse_spec

HAVE_BATCHES = frozenset({"openai", "anthropic"})


def has_batches(spec: str) -> bool:
    """Whether calls to this model can go in batches."""
    return parse_spec(spec)[0] in HAVE_BATCHES


def make_service(provider: str, env: Mapping[str, str] | None = None) -> BatchService:
    """The batch service of a provider. Raises ModelMissingError when there is none or its key is missing."""
    env = os.environ if env is None else env
    name = provider.upper()
    base_url = env.get(f"{name}_BASE_URL") or None
    key = env.get(f"{name}_API_KEY") or ("none" if provider == "openai" and base_url else None)
    if provider not in HAVE_BATCHES:
        raise ModelMissingError(f"{provider} has no batches; use calls: live.")
    if key is None:
        raise ModelMissingError(f"Batches of {provider} need {name}_API_KEY in the environment.")
    if provider == "anthropic":
        from resources.models.batches.anthropic_service import AnthropicBatches

        return AnthropicBatches(api_key=key, base_url=base_url)
    from resources.models.batches.openai_service import OpenAIBatches

    return OpenAIBatches(api_key=key, base_url=base_url)


class Connections(Protocol):
    """Where the work on batches gets its connections from."""

    def service(self, provider: str) -> BatchService:
        """The provider's batch service."""
        ...

    def model(self, provider: str, model: str) -> BatchProvider:
        """The model, to read answers with."""
        ...


class FromEnvironment:
    """Connections as the environment says, opened once each and closed together in their event loop."""

    def __init__(self, env: Mapping[str, str] | None = None, timeout_seconds: float = 120) -> None:
        self._env = env
        self._timeout = timeout_seconds
        self._services: dict[str, BatchService] = {}
        self._models: dict[tuple[str, str], BatchProvider] = {}
        self._exit = AsyncExitStack()

    def service(self, provider: str) -> BatchService:
        """The provider's batch service. Raises ModelMissingError."""
        if provider not in self._services:
            made = make_service(provider, self._env)
            self._services[provider] = made
            self._exit.push_async_callback(made.close)
        return self._services[provider]

    def model(self, provider: str, model: str) -> BatchProvider:
        """The model, to read answers with. Raises ModelMissingError."""
        if (provider, model) not in self._models:
            made = make_provider(f"{provider}:{model}", timeout_seconds=self._timeout, env=self._env)
            self._models[provider, model] = cast(BatchProvider, made)
            self._exit.push_async_callback(made.close)
        return self._models[provider, model]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exit.aclose()
