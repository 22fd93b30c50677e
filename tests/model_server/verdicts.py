"""Is a given value right: the answers to verification questions."""

import json
from collections.abc import Sequence

from tests.model_server.locate import place
from tests.model_server.shaping import Finding
from tests.model_server.values import as_boolean, as_number
from tests.model_server.view import Json


def same(asked: Json, answered: Json) -> bool:
    """Whether two values say the same, whatever their type and spelling: 1250 and '1,250.00 EUR', 'Yes' and true."""
    if isinstance(asked, bool) or isinstance(answered, bool):
        return as_boolean(asked) is not None and as_boolean(asked) == as_boolean(answered)
    if asked is None or answered is None:
        return asked is answered
    one, other = (" ".join(str(value).split()).casefold() for value in (asked, answered))
    if one == other:
        return True
    if isinstance(asked, (int, float)) or isinstance(answered, (int, float)):
        number = as_number(asked)
        return number is not None and number == as_number(answered)
    return _whole(asked, str(answered)) or _whole(answered, str(asked))


def _whole(value: Json, text: str) -> bool:
    """Whether the text is the value in another notation, a date or a number, and nothing else."""
    return place(value, text.strip()) == (0, len(text.strip()))


def verdict(value: str | None, findings: Sequence[Finding]) -> dict[str, Json]:
    """`{correct, reason}` for a value given as JSON, or as text where it is none.

    One value is right when it is among the findings; a list when it has all of them and nothing else; null when
    there are none.
    """
    try:
        asked = json.loads(value) if value is not None else None
    except ValueError:
        asked = value
    answers = [finding.value for finding in findings]
    if isinstance(asked, list):
        correct = all(any(same(one, answer) for answer in answers) for one in asked) and all(
            any(same(one, answer) for one in asked) for answer in answers
        )
    elif asked is None:
        correct = not answers
    else:
        correct = any(same(asked, answer) for answer in answers)
    shown = ", ".join(map(str, answers)) if answers else "nothing"
    return {"correct": correct, "reason": f"The document says {shown}."}
