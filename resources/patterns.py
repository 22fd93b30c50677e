"""Regular expressions that users write: matched with a time limit, so that a bad one cannot hang a worker."""

import regex

SECONDS = 1.0


class PatternError(ValueError):
    """A pattern is no regular expression, or takes too long on a value; the message says which."""


def check_pattern(pattern: str) -> None:
    """Raise PatternError when `pattern` is no regular expression."""
    try:
        regex.compile(pattern)
    except regex.error as error:
        raise PatternError(f"the pattern {pattern!r} is no regular expression: {error}") from error


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text matches. Raises PatternError, after one second at the latest."""
    try:
        return regex.fullmatch(pattern, text, timeout=SECONDS) is not None
    except regex.error as error:
        raise PatternError(f"the pattern {pattern!r} is no regular expression: {error}") from error
    except TimeoutError as error:
        raise PatternError(
            f"the pattern {pattern!r} takes more than {SECONDS:g} s on a value: simplify it"
        ) from error
