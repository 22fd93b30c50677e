"""A project as one value, and its form as plain data (the project file, the database, later the API).

The same field names stand in all three; unknown names are refused, so that a typing error is not a silent default.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from resources.patterns import PatternError, check_pattern
from resources.project_rules import as_written, cycles, name_problems, variable_problems, word
from resources.project_settings import LongDocuments, ProjectSettings, settings_problems
from resources.project_texts import project_text_problems, unstorable
from resources.vocabulary import UnitOfObservation, Variable

__all__ = [
    "ENTITY_REGEX",
    "PROJECT_ID",
    "LongDocuments",
    "Project",
    "ProjectError",
    "ProjectProblem",
    "ProjectSettings",
    "project_from_data",
    "settings_from_dict",
    "settings_to_dict",
    "slug",
    "variable_from_dict",
    "variable_to_dict",
    "waves",
]

ENTITY_REGEX = "regex:"
"""Begins an entity pattern that is a regular expression and needs no model."""
PROJECT_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


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
    settings: ProjectSettings = field(default_factory=ProjectSettings)


@dataclass(frozen=True, slots=True)
class ProjectProblem:
    """One thing to mend. `field` is where it stands: 'name', 'settings.models', 'variables.price.max_values'."""

    field: str
    said: str


class ProjectError(ValueError):
    """A project definition is not usable; `problems` says each thing to mend, `located` also where it stands."""

    def __init__(self, problems: Sequence[str | ProjectProblem]) -> None:
        self.located = [p if isinstance(p, ProjectProblem) else ProjectProblem("", p) for p in problems]
        self.problems = [problem.said for problem in self.located]
        super().__init__("\n".join(self.problems))


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


def project_from_data(data: Mapping[str, Any], *, variables_needed: bool = True) -> Project:
    """A project from plain data as a person writes them. Raises ProjectError with every problem found.

    A file needs at least one variable; with `variables_needed=False` a project may begin without.
    """
    plain = dict(data)
    if "documents" in plain:
        plain["source"] = plain.pop("documents")
    plain.setdefault("id", slug(str(plain.get("name", ""))))
    written = plain.get("variables")
    if written is None and not variables_needed:
        written = []
    problems: list[ProjectProblem] = []
    broken = [ProjectProblem(place, f"{place}: {said}") for place, said in unstorable(_by_name(plain))]
    if any("deep" in problem.said for problem in broken):
        raise ProjectError(broken)
    project = _project(plain, problems)
    if not isinstance(written, list) or (not written and variables_needed):
        said = "variables: at least one variable is needed, as a list of mappings."
        raise ProjectError([*problems, ProjectProblem("variables", said)])
    variables = _variables(written, problems)
    for circle in cycles(variables):
        said = f"depends_on goes round in a circle: {' → '.join(circle)}."
        problems.append(ProjectProblem(f"variables.{circle[0]}.depends_on", said))
    told = {problem.field for problem in problems}
    problems += [problem for problem in broken if not any(problem.field.startswith(place) for place in told)]
    if problems or project is None:
        raise ProjectError(problems)
    return replace(project, variables=tuple(as_written(variable) for variable in variables))


def _by_name(plain: Mapping[str, Any]) -> dict[str, Any]:
    """The same data with each variable under its name, else its number, so that problems name it."""
    written = plain.get("variables")
    if not isinstance(written, list):
        return dict(plain)
    named: dict[str, Any] = {}
    for number, item in enumerate(written, start=1):
        name = item.get("name") if isinstance(item, Mapping) else None
        named[name if isinstance(name, str) and name not in named else str(number)] = item
    return {**plain, "variables": named}


def _project(plain: Mapping[str, Any], problems: list[ProjectProblem]) -> Project | None:
    """The project without its variables; None where its keys could not be read."""
    try:
        project = _PROJECT.validate_python({**plain, "variables": ()})
    except ValidationError as error:
        problems += [_say(item, "", "") for item in error.errors()]
        return None
    if not project.name.strip():
        problems.append(ProjectProblem("name", "name: a project needs a name."))
    if not PROJECT_ID.fullmatch(project.id):
        said = "id: lower-case letters, digits and hyphens, at most 63, not beginning with a hyphen."
        problems.append(ProjectProblem("id", said))
    texts = {"description": project.description, "entity_pattern": project.entity_pattern}
    lines = {"name": project.name, "domain": project.domain, "language": project.language}
    problems += [ProjectProblem(said.partition(":")[0], said) for said in project_text_problems(texts, lines)]
    for key, said in settings_problems(project.settings):
        problems.append(ProjectProblem(f"settings.{key}", f"settings.{key}: {said}"))
    problems += [ProjectProblem("entity_pattern", said) for said in _entity_problems(project)]
    return project


def _entity_problems(project: Project) -> list[str]:
    """What is wrong with the description of the rows, where these are entities."""
    pattern = (project.entity_pattern or "").strip()
    if project.unit_of_observation is UnitOfObservation.DOCUMENT:
        return []
    if not pattern:
        return [
            "entity_pattern is missing: say in words what one row is, or `regex:` and an expression that finds each."
        ]
    if pattern.startswith(ENTITY_REGEX):
        try:
            check_pattern(pattern.removeprefix(ENTITY_REGEX).strip())
        except PatternError as error:
            return [f"entity_pattern: {error}"]
    return []


# Stand in for required keys that could not be read, so that the others are looked at all the same.
_PLACEHOLDERS = {"name": "unreadable", "type": "TEXT", "instructions": "unreadable"}


def _variables(written: list[Any], problems: list[ProjectProblem]) -> list[Variable]:
    """The variables that could be read, at least in part; everything that is wrong with them goes to `problems`."""
    names = [item["name"] for item in written if isinstance(item, Mapping) and isinstance(item.get("name"), str)]
    problems += [ProjectProblem(f"variables.{name}.name", said) for name, said in name_problems(names)]
    read = [_variable(item, number, problems) for number, item in enumerate(written, start=1)]
    sound = {variable.name: variable for variable, unread in read if variable is not None and not unread}
    for variable, unread in read:
        if variable is None:
            continue
        for about, problem in variable_problems(variable, names, sound):
            keys = about.split()
            if not unread & set(keys):
                place = f"variables.{variable.name}.{keys[0]}"
                problems.append(ProjectProblem(place, f"variable {variable.name}: {problem}"))
    return [variable for variable, _ in read if variable is not None]


def _variable(item: Any, number: int, problems: list[ProjectProblem]) -> tuple[Variable | None, set[str]]:
    """A variable without the keys that could not be read, and these keys."""
    plain = _normalise(item) if isinstance(item, Mapping) else item
    named = item.get("name") if isinstance(item, Mapping) else None
    try:
        return _VARIABLE.validate_python(plain), set()
    except ValidationError as error:
        found = error.errors()
    problems += [_say(error, f"variable {named or number}", f"variables.{named or number}") for error in found]
    unread = {str(error["loc"][0]) for error in found if error["loc"]}
    if not isinstance(plain, dict) or not unread:
        return None, unread
    rest = {key: value for key, value in plain.items() if str(key) not in unread}
    try:
        return _VARIABLE.validate_python({**_PLACEHOLDERS, **rest}), unread
    except ValidationError:
        return None, unread


def _normalise(item: Mapping[str, Any]) -> dict[str, Any]:
    """Short forms that people write: a list of categories, one dependency or rule, ISO dates that YAML made dates."""
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
        for key in ("allowed_values", "expressions"):  # one of them may stand without a list
            if isinstance(fixed.get(key), str | int | float):
                fixed[key] = [fixed[key]]
        if isinstance(fixed.get("allowed_values"), list):
            fixed["allowed_values"] = [v if isinstance(v, list | dict) else word(v) for v in fixed["allowed_values"]]
        plain["validation"] = fixed
    if isinstance(plain.get("type"), str):
        plain["type"] = plain["type"].upper()
    return plain


def _dependency(entry: Any) -> Any:
    if isinstance(entry, str):
        return {"variable": entry}
    if isinstance(entry, Mapping) and isinstance(entry.get("values"), list):
        return {**entry, "values": [word(value) for value in entry["values"]]}
    return entry


def _say(error: Any, owner: str, place: str) -> ProjectProblem:
    at = ".".join(str(part) for part in error["loc"])
    where = ", ".join(part for part in (owner, at) if part)
    place = ".".join(part for part in (place, at) if part)
    kind = error["type"]
    if kind in {"unexpected_keyword_argument", "extra_forbidden"}:
        return ProjectProblem(place, f"{where}: this key is not known.")
    if kind in {"missing", "missing_argument"}:
        return ProjectProblem(place, f"{where}: this key is missing.")
    return ProjectProblem(place, f"{where}: {error['msg']} (got {error['input']!r:.80}).")


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
