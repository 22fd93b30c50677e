"""What coercion gives."""

from dataclasses import dataclass
from typing import Any

Value = str | int | float | bool | dict[str, Any] | list[Any]


@dataclass(frozen=True, slots=True)
class Coerced:
    """A typed value, or why there is none.

    - `value` without `problem`: the answer means exactly this.
    - `value` with `problem`: the likely reading; a person should look ('ambiguous date').
    - no `value` with `problem`: the answer says something that is no value of the type.
    - `absent`: the answer says in words that there is nothing; no value and no problem.

    `text` is the raw answer as text, trimmed.
    """

    value: Value | None
    text: str
    problem: str | None = None
    absent: bool = False
