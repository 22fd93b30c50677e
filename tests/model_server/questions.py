"""What a question says in lines of its own: `Variable: <name>`, `Row: <name>`, `Value: <json>`, `Type: <type>`.

Lines inside fences (`<instructions-FENCE> … </instructions-FENCE>`) are somebody else's words and do not count.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.model_server.schemas import Form, reading

_FENCED = re.compile(r"<(\w+)-(\w+)>.*?</\1-\2>", re.DOTALL)
_LINE = re.compile(r"^[ \t]*(Variable|Row|Value):[ \t]*(\S.*?)[ \t]*$", re.MULTILINE)
_CLOSED_TYPE = re.compile(r"^[ \t]*Type:[ \t]*(BOOLEAN|CATEGORY)\b", re.MULTILINE)
_TYPE = re.compile(r"^[ \t]*Type:[ \t]*(\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about, as the lines say it."""

    text: str = ""  # without what is fenced
    variables: tuple[str, ...] = ()
    row: str | None = None  # the entity
    value: str | None = None  # JSON of a value that is to be verified

    def section(self, variable: str) -> str:
        """The part about a variable: from its line to the next variable's; '' when it has no line."""
        lines = [found for found in _LINE.finditer(self.text) if found.group(1) == "Variable"]
        for index, found in enumerate(lines):
            if found.group(2) == variable:
                return self.text[found.end() : lines[index + 1].start() if index + 1 < len(lines) else None]
        return ""

    def is_closed(self, variable: str) -> bool:
        """Whether the variable's values are a list's or yes/no, so that they need not stand in the document."""
        return _CLOSED_TYPE.search(self.section(variable)) is not None

    def type_of(self, variable: str) -> str | None:
        """The variable's type as the question says it."""
        found = _TYPE.search(self.section(variable))
        return found.group(1) if found else None


_NOTHING = Question()


def read_question(text: str) -> Question:
    """The lines of a question."""
    if "Variable:" not in text and "Row:" not in text:
        return _NOTHING
    text = _FENCED.sub("", text) if "</" in text else text
    lines = _LINE.findall(text)
    variables = tuple(dict.fromkeys(said for name, said in lines if name == "Variable"))
    row = next((said for name, said in lines if name == "Row"), None)
    return Question(text, variables, row, next((said for name, said in lines if name == "Value"), None))


def variables_of(schema: Mapping[str, Any] | None, question: Question) -> tuple[Form, tuple[str, ...]]:
    """The schema's form and the variables that are asked for: those it names, else those of the question."""
    if schema is None:
        return Form.KEYED, ()
    form, names = reading(schema)
    return form, question.variables if form in (Form.CELL, Form.VERDICT) else names
