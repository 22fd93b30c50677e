"""Settings from the environment, read once and passed on. Providers read only their own keys and addresses."""

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from resources.models.decisions.limit_rules import LimitRule, parse_limits
from resources.reranking.specs import RERANKER, RERANKER_FORMS

DEFAULT_TENANT = "default"
"""The tenant as which the command line works when CRUCIBLE_TENANT is not set."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation is told from outside."""

    home: Path
    tenant: str
    database_url: str | None  # the application's role; None means the embedded server
    admin_database_url: str | None  # the role that migrates; None means the same as database_url
    dagster_database_url: str | None
    files_url: str | None  # blob store: a folder or any fsspec URL; None means home/files
    models: tuple[str, ...]  # 'provider:model', in fallback order
    embedding: str  # 'local' or 'openai:<model>@<dimension>'
    concurrency: int  # model calls in flight
    parser_workers: int
    parser_timeout_seconds: float
    parser_memory_mib: int
    call_timeout_seconds: float
    limits: tuple[LimitRule, ...] = ()  # requests and tokens per minute of models, beside what providers tell
    search_check_share: float = 0.01  # of searches by an index, that are compared with exact search afterwards
    reranker: str = "none"  # or 'maxsim', or 'endpoint:<model>'
    reranker_url: str | None = None  # the whole address of the endpoint
    reranker_key: str | None = field(default=None, repr=False)
    reranker_seconds: float = 5.0  # that it has for one search, all attempts together

    @property
    def files(self) -> str:
        """Where uploads and exports are stored."""
        return self.files_url or str(self.home / "files")

    @property
    def model_cache(self) -> Path:
        """Where converted and installed models lie."""
        return self.home / "models"

    @property
    def inbox(self) -> Path:
        """Folder whose sub-folders `<tenant>/<project>` are watched for new documents."""
        return self.home / "inbox"


class SettingsError(ValueError):
    """A setting is not usable; the message names it and says what is accepted."""


def choose_models(env: Mapping[str, str]) -> tuple[str, ...]:
    """The models in fallback order: CRUCIBLE_MODEL, else a provider whose key is there, else the reader."""
    chosen = tuple(part.strip() for part in env.get("CRUCIBLE_MODEL", "").split(",") if part.strip())
    if chosen:
        return chosen
    if env.get("ANTHROPIC_API_KEY"):
        return ("anthropic",)
    if env.get("OPENAI_API_KEY"):
        return ("openai",)
    return ("local",)


def _number(env: Mapping[str, str], name: str, default: float, minimum: float, maximum: float = math.inf) -> float:
    raw = env.get(name)
    if raw is None or not raw.strip():
        return default
    try:
        value = float(raw)
    except ValueError:
        raise SettingsError(f"{name}={raw!r} is not a number.") from None
    if math.isnan(value) or value < minimum:
        raise SettingsError(f"{name}={raw!r} is too small: at least {minimum:g}.")
    if value > maximum:
        raise SettingsError(f"{name}={raw!r} is too large: at most {maximum:g}.")
    return value


def _limits(env: Mapping[str, str]) -> tuple[LimitRule, ...]:
    try:
        return parse_limits(env.get("CRUCIBLE_LIMITS", ""))
    except ValueError as error:
        raise SettingsError(f"CRUCIBLE_LIMITS: {error}") from None


def _reranker(env: Mapping[str, str]) -> tuple[str, str | None]:
    """The reranker and the address of its endpoint."""
    spec, url = env.get("CRUCIBLE_RERANKER") or "none", env.get("CRUCIBLE_RERANKER_URL") or None
    if not RERANKER.fullmatch(spec):
        raise SettingsError(f"CRUCIBLE_RERANKER={spec!r}: write {RERANKER_FORMS}.")
    if spec.startswith("endpoint:") and url is None:
        raise SettingsError(
            f"CRUCIBLE_RERANKER={spec!r} needs CRUCIBLE_RERANKER_URL, such as http://127.0.0.1:8080/v1/rerank."
        )
    if spec == "maxsim" and (env.get("CRUCIBLE_EMBEDDING") or "local") != "local":
        raise SettingsError(
            "CRUCIBLE_RERANKER='maxsim' needs the vectors of tokens, which only the packaged embedding model gives: "
            "leave CRUCIBLE_EMBEDDING out, or name an endpoint."
        )
    if url is not None and not re.fullmatch(r"https?://[^\s/]\S*", url):
        raise SettingsError(f"CRUCIBLE_RERANKER_URL={url!r} is no address: it begins with http:// or https://.")
    return spec, url


def load_settings(env: Mapping[str, str] | None = None) -> Settings:
    """Settings from `env` (the process environment by default). Raises SettingsError."""
    env = os.environ if env is None else env
    tenant = env.get("CRUCIBLE_TENANT") or DEFAULT_TENANT
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", tenant):
        raise SettingsError(f"CRUCIBLE_TENANT={tenant!r}: use lower-case letters, digits and hyphens, at most 63.")
    reranker, reranker_url = _reranker(env)
    home = Path(env.get("CRUCIBLE_HOME") or "~/.crucible").expanduser().resolve()
    return Settings(
        home=home,
        tenant=tenant,
        database_url=env.get("CRUCIBLE_DATABASE_URL") or None,
        admin_database_url=env.get("CRUCIBLE_ADMIN_DATABASE_URL") or None,
        dagster_database_url=env.get("CRUCIBLE_DAGSTER_DATABASE_URL") or None,
        files_url=env.get("CRUCIBLE_FILES_URL") or None,
        models=choose_models(env),
        embedding=env.get("CRUCIBLE_EMBEDDING") or "local",
        concurrency=int(_number(env, "CRUCIBLE_CONCURRENCY", 64, 1)),
        parser_workers=int(_number(env, "CRUCIBLE_PARSER_WORKERS", min(4, os.cpu_count() or 1), 1)),
        parser_timeout_seconds=_number(env, "CRUCIBLE_PARSER_TIMEOUT_SECONDS", 120, 1),
        parser_memory_mib=int(_number(env, "CRUCIBLE_PARSER_MEMORY_MIB", 2048, 256)),
        call_timeout_seconds=_number(env, "CRUCIBLE_CALL_TIMEOUT_SECONDS", 120, 0.1),
        limits=_limits(env),
        search_check_share=_number(env, "CRUCIBLE_SEARCH_CHECK_SHARE", 0.01, 0, 1),
        reranker=reranker,
        reranker_url=reranker_url,
        reranker_key=env.get("CRUCIBLE_RERANKER_KEY") or None,
        reranker_seconds=_number(env, "CRUCIBLE_RERANKER_SECONDS", 5, 0.1, 60),
    )
