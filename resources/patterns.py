"""Regular expressions that users write: matched with a time limit, so that a bad one cannot hang a worker."""

import regex

SECONDS = 1.0
_SEARCH_SECONDS = 10.0  # in a whole document


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


def occurrences(pattern: str, text: str) -> list[tuple[str, int, int]]:
    """Every non-empty match in a text: (the group 'name', else the first group, else the match; its start, its end).

    Raises PatternError, after ten seconds at the latest.
    """
    try:
        compiled = regex.compile(pattern, regex.MULTILINE)
        matched = [match for match in compiled.finditer(text, timeout=_SEARCH_SECONDS) if match.end() > match.start()]
    except regex.error as error:
        raise PatternError(f"the pattern {pattern!r} is no regular expression: {error}") from error
    except TimeoutError as error:
        raise PatternError(
            f"the pattern {pattern!r} takes more than {_SEARCH_SECONDS:g} s on a document: simplify it"
        ) from error
    group = "name" if "name" in compiled.groupindex else 1 if compiled.groups else 0
    return [(match.group(group) or match.group(), match.start(), match.end()) for match in matched]
