"""A wording that was learnt from people's verdicts, and how examples are written into a question."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crucible_assets.prompts.fences import fenced
from resources.project import variable_to_dict
from resources.vocabulary import Example, Variable

_WORDING = (
    "type", "instructions", "display_name", "classification_rules", "if_multiple_values", "max_values", "unit",
    "examples",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CounterExample:
    """A stretch of a document on which the model was wrong, with the right answer and the reason."""

    example: Example
    why: str


@dataclass(frozen=True, slots=True)
class Refined:
    """What a refinement puts in the place of a variable's instructions, and the counter-examples it adds."""

    instructions: str
    counter_examples: tuple[CounterExample, ...] = ()

    def examples_as_json(self) -> list[dict[str, Any]]:
        """The counter-examples for the database."""
        return [
            {
                "text": c.example.text,
                "value": c.example.value,
                "source_text": c.example.source_text,
                "why": c.why,
            }
            for c in self.counter_examples
        ]

    @classmethod
    def from_json(cls, instructions: str, counter_examples: Sequence[Mapping[str, Any]]) -> "Refined":
        """The inverse of `examples_as_json`."""
        made = tuple(
            CounterExample(Example(item["text"], item["value"], item["source_text"]), item["why"])
            for item in counter_examples
        )
        return cls(instructions, made)


def wording_hash(variable: Variable) -> str:
    """SHA-256 of what the researcher wrote that the question is made of: thresholds and rules may change freely."""
    data = variable_to_dict(variable)
    words = json.dumps([data[name] for name in _WORDING], ensure_ascii=False)
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()


def choice_mark(variable: Variable, refined: Refined | None) -> str:
    """SHA-256 of what a person chose a prompt version over: the variable's wording and the refinement in force.

    As long as both are the same, the version that the person chose stays active; reworded or refined anew, the
    variable gets the prompt that it then says.
    """
    learnt = None if refined is None else [refined.instructions, refined.examples_as_json()]
    words = json.dumps([wording_hash(variable), learnt], ensure_ascii=False, default=str)
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()


def examples_text(variable: Variable, refined: Refined | None) -> str:
    """The variable's examples and the refinement's counter-examples as the model reads them; '' without any."""
    shown = [(example, "") for example in variable.examples]
    if refined is not None:
        shown += [(c.example, c.why) for c in refined.counter_examples]
    parts = []
    for number, (example, why) in enumerate(shown, 1):
        lines = [f"Text {number}:", fenced("text", example.text), f"Right answer: {_answer(example, variable)}"]
        parts.append("\n".join([*lines, *([f"Why: {why}"] if why else [])]))
    return "\n\n".join(parts)


def _answer(example: Example, variable: Variable) -> str:
    value = example.value
    values = list(value) if isinstance(value, (list, tuple)) else [] if value is None else [value]
    quoted = [
        {"value": v, "source_text": example.source_text or (str(v) if not isinstance(v, bool) else None)}
        for v in values
    ]
    if variable.multiple:
        answer: dict[str, Any] = {"found": bool(values), "values": quoted}
    else:
        answer = {"found": bool(values), **(quoted[0] if quoted else {"value": None, "source_text": None})}
    return json.dumps(answer, ensure_ascii=False, default=str)
