"""From words like `anthropic:claude-haiku-5-5` to a provider that can be called."""

import os
from collections.abc import Mapping
from pathlib import Path

from resources.models.errors import ModelMissingError
from resources.models.request import Provider

DEFAULT_MODELS = {"anthropic": "claude-haiku-5-5", "openai": "gpt-4.1-mini"}
"""What a bare provider name means: a small model with a known price."""

READER_NAME = "reader, no language model"


def parse_spec(spec: str) -> tuple[str, str]:
    """('anthropic', 'claude-…') from 'anthropic:claude-…'. Raises ModelMissingError for unknown providers."""
    provider, _, model = spec.strip().partition(":")
    if provider == "local":
        return "local", ""
    if provider == "gguf":
        if not model:
            raise ModelMissingError("gguf needs a file: gguf:/path/to/model.gguf.")
        return "gguf", model
    if provider in DEFAULT_MODELS:
        return provider, model or DEFAULT_MODELS[provider]
    raise ModelMissingError(
        f"Model {spec!r} is not known. Use anthropic:<model>, openai:<model>, gguf:<file> or local."
    )


def describe(spec: str) -> str:
    """How a model is named to a person."""
    provider, model = parse_spec(spec)
    return READER_NAME if provider == "local" else f"{provider}:{model}"


def check_spec(spec: str, env: Mapping[str, str] | None = None) -> None:
    """Raise ModelMissingError when the key or file that `spec` needs is not there; nothing is opened."""
    env = os.environ if env is None else env
    provider, model = parse_spec(spec)
    if provider == "gguf" and not Path(model).expanduser().is_file():
        raise ModelMissingError(f"There is no GGUF file at {model}. Give gguf:/path/to/model.gguf.")
    if provider == "anthropic":
        _key(env, "ANTHROPIC_API_KEY", spec)
    if provider == "openai" and not env.get("OPENAI_BASE_URL"):
        _key(env, "OPENAI_API_KEY", spec)


def make_provider(spec: str, *, timeout_seconds: float, env: Mapping[str, str] | None = None) -> Provider:
    """The provider for one spec; SDKs are imported only when used. Raises ModelMissingError."""
    env = os.environ if env is None else env
    provider, model = parse_spec(spec)
    if provider == "local":
        from resources.models.reader import Reader

        return Reader()
    if provider == "gguf":
        from resources.models.providers.gguf import GgufProvider

        return GgufProvider(Path(model).expanduser())
    if provider == "anthropic":
        from resources.models.providers.anthropic import AnthropicProvider

        return AnthropicProvider(
            model,
            api_key=_key(env, "ANTHROPIC_API_KEY", spec),
            base_url=env.get("ANTHROPIC_BASE_URL") or None,
            timeout_seconds=timeout_seconds,
        )
    from resources.models.providers.openai import OpenAIProvider

    base_url = env.get("OPENAI_BASE_URL") or None
    return OpenAIProvider(
        model,
        # a server of one's own often wants no key, but the SDK wants the argument
        api_key=env.get("OPENAI_API_KEY") or ("none" if base_url else _key(env, "OPENAI_API_KEY", spec)),
        base_url=base_url,
        timeout_seconds=timeout_seconds,
    )


def _key(env: Mapping[str, str], name: str, spec: str) -> str:
    key = env.get(name)
    if not key:
        raise ModelMissingError(f"{spec} needs {name} in the environment.")
    return key
