"""What a model server can be told: faults, timing, limits, keys. Frozen; a change makes a new configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class ConfigError(ValueError):
    """A setting that the server does not know or cannot use; the message names it and what is allowed."""


class Fault(StrEnum):
    """One way in which a provider can misbehave."""

    RATE_LIMIT = "rate_limit"  # 429 with Retry-After
    QUOTA = "quota"  # the account is out of money: 429 insufficient_quota, or 400 at Anthropic; never heals
    BAD_REQUEST = "bad_request"  # 400
    CONTEXT_LENGTH = "context_length"  # 400, the prompt is too long
    UNAUTHORIZED = "unauthorized"  # 401
    FORBIDDEN = "forbidden"  # 403
    NOT_FOUND = "not_found"  # 404, the model does not exist
    SERVER_ERROR = "server_error"  # 500
    BAD_GATEWAY = "bad_gateway"  # 502 with an HTML page, as proxies give
    UNAVAILABLE = "unavailable"  # 503
    OVERLOADED = "overloaded"  # 529; an OpenAI-like provider says 503
    HANG = "hang"  # accepts the request and says nothing
    DISCONNECT = "disconnect"  # closes the connection before the first byte
    RESET = "reset"  # resets the connection in the middle of the body
    STREAM_ERROR = "stream_error"  # an error event inside a stream that began well; 500 without a stream
    TRUNCATED = "truncated"  # the answer stops half-way, and the finish reason says so
    INVALID_JSON = "invalid_json"  # text that is no JSON, although JSON was asked
    WRONG_TYPE = "wrong_type"  # JSON, but a value of another type than the schema says
    EMPTY = "empty"  # an answer without text
    REFUSAL = "refusal"  # the model declines


class BatchItemFault(StrEnum):
    """One way in which an item of a provider batch can go wrong."""

    ERROR = "error"  # the provider failed inside: status 500
    EXPIRE = "expire"  # not reached within the completion window
    INVALID_REQUEST = "invalid_request"  # refused with status 400
    REFUSAL = "refusal"  # the model declines
    TRUNCATED = "truncated"  # the answer stops half-way, and the finish reason says so
    INVALID_JSON = "invalid_json"  # text that is no JSON, although JSON was asked


ANSWER_FAULTS = frozenset(
    {
        Fault.TRUNCATED,
        Fault.INVALID_JSON,
        Fault.WRONG_TYPE,
        Fault.EMPTY,
        Fault.REFUSAL,
    }
)
"""Faults that spoil the answer and leave the response a proper 200."""


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """When the server misbehaves.

    `permanent` comes first, then `script`, then `probabilities`. A draw depends on the seed, the request's body
    and how often that body was asked, not on the order of arrival: the same run fails in the same places at any
    concurrency, and a repeated request gets a new draw.
    """

    probabilities: Mapping[Fault, float] = field(default_factory=lambda: MappingProxyType({}))
    script: Mapping[int, Fault] = field(default_factory=lambda: MappingProxyType({}))  # by call number, from 1
    attempts: Mapping[int, Fault] = field(default_factory=lambda: MappingProxyType({}))  # by attempt at a body
    permanent: Mapping[str, Fault] = field(default_factory=lambda: MappingProxyType({}))  # words in the prompt
    first_attempts: int | None = None  # draws hit only the first n attempts at a body; None: all

    def __post_init__(self) -> None:
        total = sum(self.probabilities.values())
        if total > 1 or any(share < 0 for share in self.probabilities.values()):
            raise ConfigError(f"fault probabilities must be at least 0 and add up to at most 1, not {total}")


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """Everything that can be set. Times in seconds."""

    seed: int = 0
    latency_s: float = 0.0  # until the first byte
    jitter: float = 0.0  # share by which latency varies, ± uniformly: 0.2 means 80 % to 120 %
    token_s: float = 0.0  # time for each output token, streamed or not
    faults: FaultPlan = FaultPlan()
    retry_after_s: float = 1.0  # told with 429 and 503
    hang_s: float = 3600.0  # how long a hanging request is kept open
    api_keys: tuple[str, ...] = ()  # accepted keys; none: every request is let in
    models: tuple[str, ...] = ()  # known models; none: any name is accepted
    requests_per_minute: int | None = None  # enforced: 429 beyond
    tokens_per_minute: int | None = None  # enforced, on input tokens
    output_tokens_per_minute: int | None = None  # enforced: 429 while more than that were written
    max_in_flight: int | None = None  # enforced: 429 beyond
    context_tokens: int | None = None  # longer prompts are refused with 400
    schema_in_prefix: bool = True  # a changed answer schema misses the prompt cache, as at both providers
    strict: bool = True  # refuse what the real services refuse; False is lenient as many compatible servers are
    stream_tokens: int = 4  # tokens in one streamed event
    embedding_dimensions: int = 384
    keep_bodies: bool = True  # remember request bodies in the calls
    batch_seconds: float = 0.2  # from a batch's creation until it has ended
    batch_item_faults: Mapping[BatchItemFault, float] = field(default_factory=lambda: MappingProxyType({}))
    batch_hold: bool = False  # batches answer no item and do not end until this is false again
    batch_fail: bool = False  # every new batch fails validation as a whole (Anthropic: refused when it is made)
    batch_expire_share: float = 0.0  # the last items of each batch, which are not reached within its window

    def __post_init__(self) -> None:
        if not 0 <= self.jitter <= 1:
            raise ConfigError(f"jitter is a share from 0 to 1, not {self.jitter}")
        if min(self.latency_s, self.token_s, self.retry_after_s, self.hang_s, self.batch_seconds) < 0:
            raise ConfigError("latency_s, token_s, retry_after_s, hang_s and batch_seconds must not be negative")
        if not 0 <= self.batch_expire_share <= 1:
            raise ConfigError(f"batch_expire_share is a share from 0 to 1, not {self.batch_expire_share}")
        shares = self.batch_item_faults.values()
        if sum(shares) > 1 or any(share < 0 for share in shares):
            raise ConfigError(f"batch_item_faults must be at least 0 and add up to at most 1, not {sum(shares)}")
        if min(self.stream_tokens, self.embedding_dimensions) < 1:
            raise ConfigError("stream_tokens and embedding_dimensions must be at least 1")

    def changed(self, settings: Mapping[str, Any]) -> "ServerConfig":
        """This configuration with some settings replaced, given as JSON has them; raises ConfigError.

        `faults` replaces the whole plan: `{"faults": {"probabilities": {"rate_limit": 0.02}}}`.
        """
        known = {f.name for f in fields(self)}
        if unknown := sorted(set(settings) - known):
            raise ConfigError(f"unknown settings {unknown}; known are {sorted(known)}")
        values: dict[str, Any] = dict(settings)
        for name in ("api_keys", "models"):
            if name in values:
                values[name] = tuple(values[name])
        if "faults" in values and not isinstance(values["faults"], FaultPlan):
            values["faults"] = fault_plan(values["faults"])
        if "batch_item_faults" in values:
            values["batch_item_faults"] = {
                batch_item_fault(name): float(share) for name, share in values["batch_item_faults"].items()
            }
        return replace(self, **values)


def fault_plan(settings: Mapping[str, Any]) -> FaultPlan:
    """A plan from its JSON form; raises ConfigError for unknown settings or faults."""
    known = {f.name for f in fields(FaultPlan)}
    if unknown := sorted(set(settings) - known):
        raise ConfigError(f"unknown fault settings {unknown}; known are {sorted(known)}")
    return FaultPlan(
        probabilities={fault(name): float(p) for name, p in settings.get("probabilities", {}).items()},
        script={int(number): fault(name) for number, name in settings.get("script", {}).items()},
        attempts={int(number): fault(name) for number, name in settings.get("attempts", {}).items()},
        permanent={words: fault(name) for words, name in settings.get("permanent", {}).items()},
        first_attempts=settings.get("first_attempts"),
    )


def fault(name: str) -> Fault:
    """The fault of that name; raises ConfigError."""
    try:
        return Fault(name)
    except ValueError:
        raise ConfigError(f"unknown fault {name!r}; known are {[str(f) for f in Fault]}") from None


def batch_item_fault(name: str) -> BatchItemFault:
    """The fault of that name; raises ConfigError."""
    try:
        return BatchItemFault(name)
    except ValueError:
        known = [str(f) for f in BatchItemFault]
        raise ConfigError(f"unknown batch item fault {name!r}; known are {known}") from None
