"""From response headers to the limits that they tell, in OpenAI's and in Anthropic's words.

OpenAI: `x-ratelimit-{limit,remaining,reset}-{requests,tokens}`, resets as durations ('1m30s', '120ms').
Anthropic: `anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-{limit,remaining,reset}`, resets as
times of day.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from resources.models.decisions.limits import ObservedLimits, Told

_PREFIXES = (b"x-ratelimit-", b"anthropic-ratelimit-")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_TOKENS = ("tokens", "input-tokens", "output-tokens")


def observed_limits(raw: Iterable[tuple[bytes, bytes]]) -> ObservedLimits | None:
    """What headers tell; None when they tell nothing. What cannot be read is not there."""
    found: dict[str, str] = {}
    date = ""
    for name, value in raw:
        lower = name.lower()
        if lower.startswith(_PREFIXES):
            found[lower.decode("latin-1").partition("ratelimit-")[2]] = value.decode("latin-1")
        elif lower == b"date":
            date = value.decode("latin-1")
    if not found:
        return None
    requests = _told(found, "requests", date)
    tokens = [told for told in (_told(found, kind, date) for kind in _TOKENS) if told is not None]
    tightest = min(tokens, key=lambda told: told.remaining / told.limit, default=None)
    return ObservedLimits(requests, tightest) if requests or tightest else None


def _told(found: Mapping[str, str], kind: str, date: str) -> Told | None:
    def value(part: str) -> str:
        return found.get(f"{part}-{kind}") or found.get(f"{kind}-{part}") or ""

    limit, remaining = value("limit"), value("remaining")
    if not (limit.isdecimal() and remaining.isdecimal() and int(limit) > 0):
        return None
    return Told(int(limit), int(remaining), _seconds(value("reset"), date))


def _seconds(reset: str, date: str) -> float | None:
    """Seconds from a duration, or from a time counted from the response's own `date`."""
    parts = _DURATION.findall(reset)
    if parts and "".join(number + unit for number, unit in parts) == reset:
        return sum(float(number) * _SECONDS[unit] for number, unit in parts)
    try:
        return max(0.0, (datetime.fromisoformat(reset) - parsedate_to_datetime(date)).total_seconds())
    except (ValueError, TypeError):
        return None
