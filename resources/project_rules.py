"""What is wrong with variables that a person wrote, beyond the form of their keys.

Every problem comes with the keys that it is about, so that nothing is said twice of a key that could not be read.
"""

import datetime
import graphlib
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from resources.expressions import ExpressionError, check_expression
from resources.patterns import PatternError, check_pattern
from resources.project_texts import variable_text_problems
from resources.vocabulary import (
    ChunkMerge,
    Dependency,
    IfMultipleValues,
    IfUncertain,
    ValidationRules,
    Variable,
    VariableType,
)

NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?")
_BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}
_JOINT = "; "  # between the values of CONCATENATE

Problem = tuple[str, str]  # the keys that it is about, separated by spaces; what is wrong and how to mend it


def variable_problems(variable: Variable, names: Collection[str], others: Mapping[str, Variable]) -> list[Problem]:
    """Everything that is wrong with a variable. `names` are those of the project, `others` its readable variables."""
    problems: list[Problem] = []
    if not NAME.fullmatch(variable.name):
        problems.append(("name", "name must be lower-case letters, digits and underscores, beginning with a letter."))
    if not variable.instructions.strip():
        problems.append(("instructions", "instructions are missing: say in a sentence what is to be extracted."))
    problems += variable_text_problems(variable)
    if not 0 <= variable.confidence_threshold <= 1:
        problems.append(("confidence_threshold", "confidence_threshold must be between 0 and 1."))
    if variable.max_values is not None and variable.max_values < 1:
        problems.append(("max_values", "max_values must be at least 1."))
    if variable.type is VariableType.CATEGORY and len(variable.classification_rules) < 2:
        problems.append(
            ("type classification_rules", "a CATEGORY needs classification_rules with at least two categories.")
        )
    if variable.type is not VariableType.CATEGORY and variable.classification_rules:
        problems.append(("type classification_rules", "classification_rules are for CATEGORY only."))
    if variable.multiple and variable.type is VariableType.BOOLEAN:
        problems.append(("type if_multiple_values", "a BOOLEAN cannot have several values."))
    if variable.merge_chunks is ChunkMerge.ALL and not variable.multiple:
        problems.append(
            (
                "merge_chunks if_multiple_values",
                "merge_chunks: ALL needs if_multiple_values: ALL or CONCATENATE; this variable keeps one value.",
            )
        )
    problems += _default_problems(variable)
    problems += _rule_problems(variable, names)
    for dependency in variable.depends_on:
        problems += _dependency_problems(dependency, names, others)
    return problems


def folded_name(name: str) -> str:
    """A name as models' answers are matched with it, which write it loosely (`extractions/answer.py`)."""
    return re.sub(r"[\s_-]+", "_", name.strip().casefold())


def name_problems(names: Sequence[str]) -> list[Problem]:
    """Names that are used twice, or that are one name in a model's answer: (name, what is wrong)."""
    problems = []
    by_fold: dict[str, list[str]] = {}
    for name in sorted(set(names)):
        by_fold.setdefault(folded_name(name), []).append(name)
        if names.count(name) > 1:
            problems.append((name, f"variable {name}: this name is used twice."))
    for alike in by_fold.values():
        for name in alike[1:]:
            said = f"variable {name}: a model cannot tell this name from {alike[0]}; give one of them another name."
            problems.append((name, said))
    return problems


def as_written(variable: Variable) -> Variable:
    """The variable with its default and allowed values in the form of its type; as it is where they have none."""
    try:
        default = _default(variable)
        allowed = tuple(word(value_of(value, variable)) for value in variable.validation.allowed_values)
    except ValueError:
        return variable
    return replace(variable, default_value=default, validation=replace(variable.validation, allowed_values=allowed))


def value_of(written: Any, variable: Variable) -> Any:
    """What a person wrote in a project file as a value of the variable's type; ValueError says what it should be.

    Numbers may stand in quotes, a category in any case; dates are ISO (YYYY, YYYY-MM, YYYY-MM-DD). Nothing is read
    from prose: that is for documents.
    """
    text = " ".join(word(written).split())
    match variable.type:
        case VariableType.JSON:
            return written
        case _ if isinstance(written, (list, dict)) or written is None:
            raise ValueError(f"{written!r:.80} is not one {variable.type}")
        case VariableType.NUMBER:
            return _number(written, text)
        case VariableType.DATE:
            if _date(text) is None:
                raise ValueError(f"{text!r} is not a date as YYYY-MM-DD, YYYY-MM or YYYY")
            return text
        case VariableType.BOOLEAN:
            if text.casefold() not in _BOOLEANS:
                raise ValueError(f"{text!r} is neither true nor false")
            return _BOOLEANS[text.casefold()]
        case VariableType.CATEGORY:
            return _category(written, text, tuple(variable.classification_rules))
        case _:
            return text


def word(value: Any) -> str:
    """A value as `depends_on` and `allowed_values` hold it: 'true' and 'false', whole numbers without a point."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def cycles(variables: Sequence[Variable]) -> list[list[str]]:
    """Every circle of dependencies that has to be cut, its first name repeated at its end."""
    edges = {variable.name: {d.variable for d in variable.depends_on} for variable in variables}
    found: list[list[str]] = []
    while True:
        try:
            graphlib.TopologicalSorter(edges).prepare()
        except graphlib.CycleError as error:
            circle = error.args[1][::-1]  # the library gives what is depended on first
            found.append(circle)
            edges[circle[0]] = edges[circle[0]] - {circle[1]}
        else:
            return found


def _number(written: Any, text: str) -> int | float:
    try:
        number = float(text)
    except (ValueError, OverflowError):
        number = math.nan
    if isinstance(written, bool) or not math.isfinite(number):
        raise ValueError(f"{text!r} is not a number; write it as 1234.5")
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _category(written: Any, text: str, names: tuple[str, ...]) -> str:
    if written in names:
        return str(written)
    same = [name for name in names if " ".join(name.split()).casefold() == text.casefold()]
    if len(same) != 1:
        raise ValueError(f"{text!r} is not one of the categories {', '.join(map(repr, names))}")
    return same[0]


def _date(text: str) -> datetime.date | None:
    """The first day of an ISO date, complete or partial."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return datetime.date.fromisoformat(text + "-01-01"[len(text) - 4 :] if len(text) < 10 else text)
    except ValueError:
        return None


def _default(variable: Variable) -> Any:
    if variable.default_value is None:
        return None
    if not variable.multiple:
        return value_of(variable.default_value, variable)
    written = variable.default_value if isinstance(variable.default_value, list) else [variable.default_value]
    joined = variable.if_multiple_values is IfMultipleValues.CONCATENATE
    if joined and len(written) == 1 and isinstance(written[0], str) and _JOINT in written[0]:
        written = _parts(written[0], variable)
    values = [value_of(value, variable) for value in written]
    return _JOINT.join(map(word, values)) if joined else values


def _parts(text: str, variable: Variable) -> list[str]:
    """A default that was joined when the project was stored, as the values it was joined from."""
    try:
        value_of(text, variable)
    except ValueError:
        return text.split(_JOINT)
    return [text]


def _default_problems(variable: Variable) -> list[Problem]:
    if variable.default_value is None:
        if variable.if_uncertain is IfUncertain.DEFAULT:
            return [("default_value if_uncertain", "if_uncertain: DEFAULT needs a default_value.")]
        return []
    try:
        _default(variable)
    except ValueError as error:
        return [("default_value type classification_rules if_multiple_values", f"default_value: {error}.")]
    return []


def _rule_problems(variable: Variable, names: Collection[str]) -> list[Problem]:
    rules = variable.validation
    problems = [*_number_problems(variable.type, rules), *_date_problems(variable.type, rules)]
    if rules.pattern is not None:
        try:
            check_pattern(rules.pattern)
        except PatternError as error:
            problems.append(("validation", f"validation.pattern: {error}."))
    for value in rules.allowed_values:
        try:
            value_of(value, variable)
        except ValueError as error:
            problems.append(("validation type classification_rules", f"validation.allowed_values: {error}."))
    for rule in rules.expressions:
        try:
            check_expression(rule, names)
        except ExpressionError as error:
            problems.append(("validation", f"validation.expressions: {rule[:80]!r}: {error}."))
    return problems


def _number_problems(type_: VariableType, rules: ValidationRules) -> list[Problem]:
    problems: list[Problem] = []
    limits = {"minimum": rules.minimum, "maximum": rules.maximum}
    for key, limit in limits.items():
        if limit is not None and not math.isfinite(limit):
            problems.append(("validation", f"validation.{key} must be a finite number; leave it out for no limit."))
        if limit is not None and type_ is not VariableType.NUMBER:
            problems.append(("validation type", f"validation.{key} is for NUMBER only."))
    if rules.minimum is not None and rules.maximum is not None and rules.minimum > rules.maximum:
        problems.append(("validation", "validation: minimum is greater than maximum."))
    return problems


def _date_problems(type_: VariableType, rules: ValidationRules) -> list[Problem]:
    problems: list[Problem] = []
    days = {}
    for key, written in (("earliest", rules.earliest), ("latest", rules.latest)):
        if written is None:
            continue
        day = _date(written) if len(written) == 10 else None
        if day is None:
            problems.append(("validation", f"validation.{key} must be a date as YYYY-MM-DD."))
        else:
            days[key] = day
        if type_ is not VariableType.DATE:
            problems.append(("validation type", f"validation.{key} is for DATE only."))
    if len(days) == 2 and days["earliest"] > days["latest"]:
        problems.append(("validation", "validation: earliest is after latest."))
    return problems


def _dependency_problems(
    dependency: Dependency, names: Collection[str], others: Mapping[str, Variable]
) -> list[Problem]:
    if dependency.variable not in names:
        return [("depends_on", f"depends_on names {dependency.variable}, which is no variable of this project.")]
    other = others.get(dependency.variable)
    problems: list[Problem] = []
    for value in dependency.values if other is not None else ():
        assert other is not None
        try:
            value_of(value, other)
        except ValueError as error:
            problems.append(("depends_on", f"depends_on {other.name}: it is never met: {error}."))
    return problems
