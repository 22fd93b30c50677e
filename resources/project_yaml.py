"""The project file as text: what is left at its default is not written, so that a file says what was decided.

The same project always gives the same bytes, and a file that was read and written again does too. YAML from outside
is plain data only (`safe_load`); aliases may repeat a part, but not blow a small file up into a large one.
"""

import json
from collections.abc import Mapping
from typing import Any

import yaml

from resources.project import Project, ProjectError, settings_to_dict, variable_to_dict
from resources.project_settings import ProjectSettings
from resources.vocabulary import UnitOfObservation, Variable, VariableType

LONGEST_FILE = 1024 * 1024  # bytes; hundreds of variables with examples
_MOST_PARTS = 100_000  # with every alias written out
_DEEPEST = 64

_NO_DOCUMENTS = "# `crucible run` needs `documents:` here as well: the folder, glob or URL of the documents.\n"
_READS: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same loader, in C where it is


def project_to_data(project: Project) -> dict[str, Any]:
    """A project as its file holds it: plain data without what is left at its default."""
    data: dict[str, Any] = {"id": project.id, "name": project.name}
    data |= {key: value for key in ("description", "domain", "language") if (value := getattr(project, key))}
    if project.unit_of_observation is not UnitOfObservation.DOCUMENT:
        data["unit_of_observation"] = project.unit_of_observation.value
    if project.entity_pattern is not None:
        data["entity_pattern"] = project.entity_pattern
    if project.source is not None:
        data["documents"] = project.source
    settings = _changed(settings_to_dict(project.settings), settings_to_dict(ProjectSettings()))
    if settings:
        data["settings"] = settings
    data["variables"] = [variable_to_data(variable) for variable in project.variables]
    return data


def variable_to_data(variable: Variable) -> dict[str, Any]:
    """A variable as a project file holds it."""
    data = variable_to_dict(variable)
    usual = variable_to_dict(Variable(variable.name, VariableType.TEXT, ""))
    said = {key: data[key] for key in ("name", "type", "instructions")}
    said |= _changed(data, {key: value for key, value in usual.items() if key not in said}, without=set(said))
    if "validation" in said:
        said["validation"] = _changed(data["validation"], usual["validation"])
    if "depends_on" in said:
        said["depends_on"] = [_changed(entry, {"values": []}) for entry in data["depends_on"]]
    if "examples" in said:
        said["examples"] = [_changed(entry, {"value": None, "source_text": None}) for entry in data["examples"]]
    return said


def _changed(
    data: Mapping[str, Any], usual: Mapping[str, Any], without: set[str] | frozenset[str] = frozenset()
) -> dict[str, Any]:
    kept = {key: value for key, value in data.items() if key not in without}
    return {key: value for key, value in kept.items() if key not in usual or value != usual[key]}


def project_to_yaml(project: Project) -> str:
    """The project file of a project."""
    text: str = yaml.dump(
        project_to_data(project), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=100, indent=2
    )
    return text if project.source is not None else _NO_DOCUMENTS + text


class _Plain(yaml.SafeDumper):
    """Writes every part out where it stands: a file without anchors is read by people."""

    def ignore_aliases(self, data: Any) -> bool:
        """Nothing is an alias."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """A text of several lines stands as such in the file."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Plain.add_representer(str, _text)


def data_from_yaml(text: str) -> dict[str, Any]:
    """The plain data of a project file, YAML or JSON. Raises ProjectError, also for a bomb."""
    try:
        _measure(text)
        data = yaml.load(text, Loader=_READS)  # noqa: S506 - the safe loader, in C
    except ProjectError:
        raise
    except yaml.YAMLError as error:
        raise ProjectError([f"this is not YAML: {error}"]) from None
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise ProjectError([f"a value in this file cannot be read: {error}"]) from None
    if not isinstance(data, dict):
        raise ProjectError(["a project file is a mapping with name, documents and variables."])
    return {str(key): value for key, value in data.items()}


def data_from_json(text: str) -> dict[str, Any]:
    """The plain data of a project file as JSON, which is not always YAML: YAML knows no halves of characters.

    Raises ProjectError.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProjectError([f"this is not JSON: {error}"]) from None
    if not isinstance(data, dict):
        raise ProjectError(["a project file is a mapping with name, documents and variables."])
    layer: list[Any] = [data]
    for _ in range(_DEEPEST):
        layer = [part for whole in layer for part in (whole.values() if isinstance(whole, dict) else whole)]
        layer = [part for part in layer if isinstance(part, dict | list)]
    if layer:
        raise ProjectError([f"nested deeper than {_DEEPEST} levels."])
    return data


def _measure(text: str) -> None:
    """Raises ProjectError when the file is too deep, or too large once its aliases are written out."""
    sizes: dict[str, int] = {}  # parts under an anchor, aliases written out
    open_: list[tuple[str | None, int]] = []  # anchor of each collection that is not closed, parts before it
    parts = 0
    for event in yaml.parse(text, Loader=_READS):
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise ProjectError([f"the alias *{event.anchor} stands inside what it repeats, or before it."])
            parts += sizes[event.anchor]
        elif isinstance(event, yaml.ScalarEvent):
            parts += 1
            if event.anchor is not None:
                sizes[event.anchor] = 1
        elif isinstance(event, yaml.CollectionStartEvent):
            open_.append((event.anchor, parts))
            parts += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_.pop()
            if anchor is not None:
                sizes[anchor] = parts - before
        if parts > _MOST_PARTS:
            raise ProjectError([f"with its aliases written out, this file has more than {_MOST_PARTS:,} parts."])
        if len(open_) > _DEEPEST:
            raise ProjectError([f"nested deeper than {_DEEPEST} levels."])
