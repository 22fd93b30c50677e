"""Few-shot examples checked against their own text, before a token is spent on them.

An example that contradicts itself teaches the model to: a quote that does not stand in its text teaches to invent
quotes, a value of the wrong type to give such values. Whatever an answer of the model must keep, its examples must.
"""

from collections.abc import Sequence
from datetime import date

from crucible_assets.datasets.cells import JsonValue
from crucible_assets.extractions.coercion.coerce import coerce, raw_text
from crucible_assets.extractions.grounding.place import place
from crucible_assets.extractions.grounding.prepared import PreparedText
from crucible_assets.extractions.grounding.value import find_value
from crucible_assets.extractions.validation import violations
from resources.project import Project, ProjectError
from resources.vocabulary import EvidenceStatus, Example, Variable, VariableType

_VERBATIM = (EvidenceStatus.EXACT, EvidenceStatus.NORMALISED)
_LONGEST = 2_000  # characters of an example's text, which travels with every question
_STANDS = (VariableType.NUMBER, VariableType.DATE, VariableType.LOCATION)  # values that are read, not judged


def check_examples(project: Project) -> None:
    """Raises ProjectError that names variable, example and what to mend, for every example that is not sound."""
    problems = [
        f"variable {variable.name}, example {number}: {problem}"
        for variable in project.variables
        for number, example in enumerate(variable.examples, 1)
        for problem in example_problems(example, variable, project.language)
    ]
    if problems:
        raise ProjectError(problems)


def example_problems(example: Example, variable: Variable, language: str | None = None) -> list[str]:
    """What is wrong with an example, each with what to do; empty when it is sound."""
    if not example.text.strip():
        return ["text is empty; quote a stretch of a document."]
    problems = []
    if len(example.text) > _LONGEST:
        problems.append(f"text has {len(example.text)} characters; quote at most {_LONGEST}.")
    document = PreparedText(example.text)
    values = example_values(example)
    if not values:
        if example.source_text:
            problems.append("source_text is given, but no value; a text that does not state it has no source_text.")
        return problems
    if len(values) > 1 and not variable.multiple:
        problems.append(f"{len(values)} values are given, but the variable keeps one; give one value.")
    if example.source_text and place(example.source_text, document).status not in _VERBATIM:
        problems.append(f"source_text {example.source_text[:60]!r} does not stand in text; copy it word for word.")
    for value in values:
        problems += _value_problems(value, example, variable, document, language)
    return problems


def example_values(example: Example) -> Sequence[JsonValue]:
    """The values of an example in order; none where the text does not state the variable."""
    value = example.value
    if isinstance(value, date):
        return [value.isoformat()]  # YAML reads an ISO date as a date
    if isinstance(value, (list, tuple)):
        return list(value)
    return [] if value is None else [value]


def _value_problems(
    value: JsonValue, example: Example, variable: Variable, document: PreparedText, language: str | None
) -> list[str]:
    shown = repr(raw_text(value)[:60])
    if variable.type is VariableType.CATEGORY:
        if value not in variable.classification_rules:
            names = ", ".join(variable.classification_rules)
            return [f"value {shown} is no category; write one of {names}, spelled as there."]
    else:
        coerced = coerce(value, variable, language)
        if coerced.absent or coerced.value is None or coerced.problem:
            return [f"value {shown} is no {variable.type}{f' ({coerced.problem})' if coerced.problem else ''}."]
        broken = violations(coerced.value, variable)
        if broken:
            return [f"value {shown} breaks the variable's validation: {'; '.join(broken)}."]
        value = coerced.value
    stands = find_value(value, document, variable.type).status in _VERBATIM
    if variable.type in _STANDS and not stands:
        return [f"value {shown} does not stand in text; give a value that the text states."]
    if not stands and not example.source_text and value is not False:
        return [f"value {shown} does not stand in text; say in source_text which words of text state it."]
    return []
