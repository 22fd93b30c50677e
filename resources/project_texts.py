"""What a person's texts in a project must keep before they go to a model: short enough, and all of it to be seen.

Invisible characters can show a reviewer of a study another text than the model reads, so they are refused by name.
"""

import datetime
import math
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from resources.vocabulary import Variable

LONGEST_TEXT = 8_000  # characters: some 2,000 tokens, which travel with every question
LONGEST_LINE = 300
LONGEST_UNIT = 40

_DEEPEST = 32  # levels of lists and mappings

_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BREAKS = "\n\r\t"  # what people write in a text of several lines
_LINE_ENDS = "\n\r\u2028\u2029"

Problem = tuple[str, str]  # as in `project_rules`


def variable_text_problems(variable: Variable) -> list[Problem]:
    """Every text of a variable that is too long or holds what cannot be seen, with what to mend."""
    problems = [("instructions", problem) for problem in text_problems("instructions", variable.instructions)] + [
        (key, problem)
        for key, text, most in (
            ("display_name", variable.display_name, LONGEST_LINE),
            ("unit", variable.unit or "", LONGEST_UNIT),
        )
        for problem in line_problems(key, text, most)
    ]
    for name, rule in variable.classification_rules.items():
        key = f"classification_rules {name[:60]!r}"
        found = [*line_problems(key, name), *text_problems(key, rule)]
        problems += [("classification_rules", problem) for problem in found]
    for number, example in enumerate(variable.examples, start=1):
        for text in (example.text, example.source_text, *_words(example.value)):
            problems += [("examples", problem) for problem in text_problems(f"example {number}", text or "")]
    return list(dict.fromkeys(problems))


def project_text_problems(texts: Mapping[str, str | None], lines: Mapping[str, str | None]) -> list[str]:
    """The same of a project's own `texts` and one-line texts (`lines`), by key."""
    found = [problem for key, text in texts.items() for problem in text_problems(key, text or "")]
    return found + [problem for key, text in lines.items() for problem in line_problems(key, text or "")]


def text_problems(key: str, text: str, most: int = LONGEST_TEXT) -> list[str]:
    """What is wrong with a text of several lines."""
    problems = []
    if len(text) > most:
        problems.append(f"{key}: {len(text)} characters are too many; write at most {most}.")
    unseen = [(at, what) for at, c in enumerate(text, start=1) if c not in _BREAKS and (what := _unseen(c))]
    if unseen:
        at, what = unseen[0]
        more = f" ({len(unseen)} such characters in all)" if len(unseen) > 1 else ""
        problems.append(
            f"{key}: character {at} is {what}, which nobody can see but the model reads; delete it{more}."
        )
    return problems


def line_problems(key: str, text: str, most: int = LONGEST_LINE) -> list[str]:
    """What is wrong with a text of one line."""
    broken = [f"{key}: write it on one line."] if any(c in _LINE_ENDS for c in text) else []
    return [*text_problems(key, text, most), *broken]


def unstorable(data: Mapping[str, Any]) -> list[Problem]:
    """What no database or file can keep, with its place ('variables.2.validation'): NUL, half characters, NaN.

    Variables are counted from 1. What is nested too deep is told alone.
    """
    found: list[Problem] = []
    waiting: list[tuple[str, Any, int]] = [("", data, 0)]
    while waiting:
        place, value, depth = waiting.pop()
        if depth > _DEEPEST:
            return [(place[:100], f"nested too deep; {_DEEPEST} levels are enough.")]
        problem = _leaf_problem(value)
        if problem:
            found.append((place, problem))
        elif isinstance(value, Mapping):
            for key, part in value.items():
                named = str(key).encode("utf-8", "backslashreplace").decode()
                inner = f"{place}.{named}" if place else named
                waiting.append((inner, part, depth + 1))
                if isinstance(key, str) and (wrong := _leaf_problem(key)):
                    found.append((inner, wrong))
        elif isinstance(value, list | tuple):
            waiting += [(f"{place}.{at}" if place else str(at), v, depth + 1) for at, v in enumerate(value, start=1)]
    return found


def _leaf_problem(value: Any) -> str | None:
    if isinstance(value, str):
        if "\x00" in value:
            return "the control character U+0000 cannot be stored; delete it."
        return "half of a character cannot be stored." if any("\ud800" <= c <= "\udfff" for c in value) else None
    if isinstance(value, float) and not math.isfinite(value):
        return "a number must be finite; leave it out for none."
    if isinstance(value, int) and abs(value) >= 10**400:
        return "a number of more than 400 digits cannot be stored."
    known = (int, float, bool, Mapping, list, tuple, datetime.date, type(None))
    return None if isinstance(value, known) else f"{type(value).__name__} is not a kind of value that is kept here."


def _unseen(character: str) -> str | None:
    """The name of a character that shows nothing and changes what is read; None for every other."""
    code = ord(character)
    category = unicodedata.category(character)
    if category == "Cc":
        return f"the control character U+{code:04X}"
    if category == "Cs":
        return f"half of a character, U+{code:04X}"
    if character in _BIDI:
        return f"{unicodedata.name(character)} (U+{code:04X})"
    if 0xE0000 <= code <= 0xE007F:
        return f"the tag character U+{code:05X}"
    return None


def _words(value: Any) -> Iterator[str]:
    """All strings in a value as YAML or JSON gives it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _words(key)
            yield from _words(part)
    elif isinstance(value, Sequence):
        for part in value:
            yield from _words(part)
