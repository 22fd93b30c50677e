"""A project as one value, and its form as plain data (the project file, the database, later the API).

The same field names stand in all three; unknown names are refused, so that a typing error is not a silent default.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from resources.patterns import PatternError, check_pattern
from resources.vocabulary import (
    CallMode,
    IfUncertain,
    UnitOfObservation,
    ValidationRules,
    Variable,
    VariableType,
    Verification,
)

NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
PROJECT_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class LongDocuments(StrEnum):
    """How a document longer than the model's budget is asked."""

    MAP = "map"  # every chunk is asked, the answers are merged
    RETRIEVE = "retrieve"  # the chunks that search puts first are asked, the others only where that is not enough


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """What a project may set about its extraction."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    variables_per_call: int = 1
    long_documents: LongDocuments = LongDocuments.MAP
    calls: CallMode = CallMode.LIVE
    routes: dict[str, float] = field(default_factory=dict)  # model → weight; documents are shared out between them
    verification: Verification = Verification.NONE
    verification_model: str | None = None  # the project's own model when not given
    self_agreement: int = 1  # how often each question is asked; more than once tells how far the answers agree
    budget_usd: float | None = None  # for all calls of the project together


@dataclass(frozen=True, slots=True)
class Project:
    """A research project with its variables in order."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    id: str
    name: str
    variables: tuple[Variable, ...]
    description: str = ""
    domain: str = ""
    language: str | None = None
    unit_of_observation: UnitOfObservation = UnitOfObservation.DOCUMENT
    entity_pattern: str | None = None
    source: str | None = None
    settings: ProjectSettings = ProjectSettings()


class ProjectError(ValueError):
    """A project definition is not usable; `problems` says each thing to mend."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


_PROJECT: TypeAdapter[Project] = TypeAdapter(Project)
_VARIABLE: TypeAdapter[Variable] = TypeAdapter(Variable)
_SETTINGS: TypeAdapter[ProjectSettings] = TypeAdapter(ProjectSettings)


def slug(name: str) -> str:
    """A name as it may stand in partition keys and file names: `[a-z0-9-]`, at most 63 characters."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    made = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:54].strip("-")
    letters = [c for c in unicodedata.normalize("NFKD", name) if c.isalpha()]
    if made and all(c.isascii() for c in letters):
        return made
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]  # so that two such names differ
    return f"{made}-{digest}" if made else f"project-{digest}"


def variable_to_dict(variable: Variable) -> dict[str, Any]:
    """Plain data of a variable, for the database and for files."""
    data: dict[str, Any] = _VARIABLE.dump_python(variable, mode="json")
    return data


def variable_from_dict(data: Mapping[str, Any]) -> Variable:
    """The inverse of `variable_to_dict`; the data were validated when they were stored."""
    return _VARIABLE.validate_python(dict(data))


def settings_to_dict(settings: ProjectSettings) -> dict[str, Any]:
    """Plain data of the settings."""
    data: dict[str, Any] = _SETTINGS.dump_python(settings, mode="json")
    return data


def settings_from_dict(data: Mapping[str, Any]) -> ProjectSettings:
    """The inverse of `settings_to_dict`."""
    return _SETTINGS.validate_python(dict(data))


def project_from_data(data: Mapping[str, Any]) -> Project:
    """A project from plain data as a person writes them. Raises ProjectError with every problem found."""
    plain = dict(data)
    if "documents" in plain:
        plain["source"] = plain.pop("documents")
    plain.setdefault("id", slug(str(plain.get("name", ""))))
    raw_variables = plain.get("variables")
    if not isinstance(raw_variables, list) or not raw_variables:
        raise ProjectError(["variables: at least one variable is needed, as a list of mappings."])
    plain["variables"] = [_normalise(item) if isinstance(item, Mapping) else item for item in raw_variables]
    try:
        project = _PROJECT.validate_python(plain)
    except ValidationError as error:
        raise ProjectError([_say(item, raw_variables) for item in error.errors()]) from None
    problems = _problems(project)
    if problems:
        raise ProjectError(problems)
    return project


def _normalise(item: Mapping[str, Any]) -> dict[str, Any]:
    """Short forms that people write: a list of categories, one dependency, ISO dates that YAML made dates."""
    plain = dict(item)
    rules = plain.get("classification_rules")
    if isinstance(rules, list):
        plain["classification_rules"] = {str(name): "" for name in rules}
    elif isinstance(rules, Mapping):
        plain["classification_rules"] = {str(k): "" if v is None else str(v) for k, v in rules.items()}
    depends = plain.get("depends_on")
    if isinstance(depends, str | Mapping):
        depends = [depends]
    if isinstance(depends, list):
        plain["depends_on"] = [_dependency(entry) for entry in depends]
    validation = plain.get("validation")
    if isinstance(validation, Mapping):
        fixed = dict(validation)
        for key in ("earliest", "latest"):
            if fixed.get(key) is not None:
                fixed[key] = str(fixed[key])
        plain["validation"] = fixed
    if isinstance(plain.get("type"), str):
        plain["type"] = plain["type"].upper()
    return plain


def _dependency(entry: Any) -> Any:
    if isinstance(entry, str):
        return {"variable": entry}
    if isinstance(entry, Mapping) and isinstance(entry.get("values"), list):
        return {**entry, "values": [_word(value) for value in entry["values"]]}
    return entry


def _word(value: Any) -> str:
    """A value as `depends_on` compares it: booleans as 'true' and 'false', everything else as text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _say(error: Any, variables: list[Any]) -> str:
    place = list(error["loc"])
    where = ".".join(str(part) for part in place)
    if len(place) >= 2 and place[0] == "variables" and isinstance(place[1], int):
        item = variables[place[1]] if place[1] < len(variables) else None
        name = item.get("name") if isinstance(item, Mapping) else None
        where = f"variable {name or place[1] + 1}"
        if place[2:]:
            where += ", " + ".".join(str(part) for part in place[2:])
    kind = error["type"]
    if kind in {"unexpected_keyword_argument", "extra_forbidden"}:
        return f"{where}: this key is not known."
    if kind in {"missing", "missing_argument"}:
        return f"{where}: this key is missing."
    return f"{where}: {error['msg']} (got {error['input']!r:.80})."


def _problems(project: Project) -> list[str]:
    problems = []
    if not project.name.strip():
        problems.append("name: a project needs a name.")
    if not PROJECT_ID.fullmatch(project.id):
        problems.append("id: lower-case letters, digits and hyphens, at most 63, not beginning with a hyphen.")
    if project.settings.variables_per_call < 1:
        problems.append("settings.variables_per_call: at least 1.")
    problems += _settings_problems(project.settings)
    names = [variable.name for variable in project.variables]
    twice = sorted({name for name in names if names.count(name) > 1})
    problems += [f"variable {name}: this name is used twice." for name in twice]
    for variable in project.variables:
        problems += [f"variable {variable.name}: {problem}" for problem in _variable_problems(variable, names)]
    cycle = _cycle(project.variables)
    if cycle:
        problems.append("depends_on goes round in a circle: " + " → ".join(cycle) + ".")
    return problems


def _settings_problems(settings: ProjectSettings) -> list[str]:
    problems = []
    if not 1 <= settings.self_agreement <= 9:
        problems.append("settings.self_agreement: from 1 (off) to 9 answers to each question.")
    if settings.budget_usd is not None and settings.budget_usd <= 0:
        problems.append("settings.budget_usd: more than 0.")
    weights = list(settings.routes.values())
    if weights and (min(weights) < 0 or max(weights) <= 0):
        problems.append("settings.routes: weights of at least 0, one of them more.")
    if settings.verification_model is not None and settings.verification is Verification.NONE:
        problems.append("settings.verification_model is given, but settings.verification is none.")
    return problems


def _variable_problems(variable: Variable, names: list[str]) -> list[str]:
    problems = []
    if not NAME.fullmatch(variable.name):
        problems.append("name must be lower-case letters, digits and underscores, beginning with a letter.")
    if not variable.instructions.strip():
        problems.append("instructions are missing: say in a sentence what is to be extracted.")
    if not 0 <= variable.confidence_threshold <= 1:
        problems.append("confidence_threshold must be between 0 and 1.")
    if variable.max_values is not None and variable.max_values < 1:
        problems.append("max_values must be at least 1.")
    if variable.type is VariableType.CATEGORY and len(variable.classification_rules) < 2:
        problems.append("a CATEGORY needs classification_rules with at least two categories.")
    if variable.type is not VariableType.CATEGORY and variable.classification_rules:
        problems.append("classification_rules are for CATEGORY only.")
    if variable.if_uncertain is IfUncertain.DEFAULT and variable.default_value is None:
        problems.append("if_uncertain: DEFAULT needs a default_value.")
    if variable.multiple and variable.type is VariableType.BOOLEAN:
        problems.append("a BOOLEAN cannot have several values.")
    problems += _rule_problems(variable.validation)
    for dependency in variable.depends_on:
        if dependency.variable not in names:
            problems.append(f"depends_on names {dependency.variable}, which is no variable of this project.")
    return problems


def _rule_problems(rules: ValidationRules) -> list[str]:
    problems = []
    if rules.minimum is not None and rules.maximum is not None and rules.minimum > rules.maximum:
        problems.append("validation: minimum is greater than maximum.")
    if rules.pattern is not None:
        try:
            check_pattern(rules.pattern)
        except PatternError as error:
            problems.append(f"validation.pattern: {error}.")
    for key, day in (("earliest", rules.earliest), ("latest", rules.latest)):
        if day is not None and not re.fullmatch(r"\d{4}-\d\d-\d\d", day):
            problems.append(f"validation.{key} must be a date as YYYY-MM-DD.")
    return problems


def _cycle(variables: tuple[Variable, ...]) -> list[str] | None:
    """A circle of dependencies, first name repeated at its end; None when there is none."""
    edges = {variable.name: [d.variable for d in variable.depends_on] for variable in variables}
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> list[str] | None:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return None
        for other in edges.get(name, []):
            found = visit(other, [*path, name])
            if found:
                return found
        done.add(name)
        return None

    for name in edges:
        found = visit(name, [])
        if found:
            return found
    return None


def waves(variables: tuple[Variable, ...]) -> tuple[tuple[Variable, ...], ...]:
    """Variables in the order in which they may be asked: each after all it depends on."""
    order: list[tuple[Variable, ...]] = []
    settled: set[str] = set()
    rest = list(variables)
    while rest:
        ready = tuple(v for v in rest if all(d.variable in settled for d in v.depends_on))
        if not ready:
            raise ProjectError(["depends_on goes round in a circle."])
        order.append(ready)
        settled.update(v.name for v in ready)
        rest = [v for v in rest if v.name not in settled]
    return tuple(order)
