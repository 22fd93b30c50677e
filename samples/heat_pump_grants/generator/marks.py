"""Sources and their marks: how one hand-written text gives both a document and its gold labels.

A source begins with YAML front matter between two `---` lines. It names the file to make (`file`) and the variables
about which the text says nothing (`absent`). In the text, the words that state a value are marked:

    [[decision_date=2023-03-14|on 14 March 2023]]     value, then the words as they stand in the document
    [[municipality|Kilbrannoch]]                      the words are the value
    [[dwelling.year_built=1974|built in 1974]]        one key of a JSON value

Every variable of the project must be either marked or listed as absent, so that no label is forgotten.
"""

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

MARK = re.compile(r"\[\[(?P<name>[a-z_]+)(?:\.(?P<key>[a-z0-9_]+))?(?:=(?P<value>[^|\]]*))?\|(?P<words>[^\]]*)\]\]")
MARKUP_SUFFIXES = {".html", ".xml"}

GoldValue = str | int | float | bool | dict[str, str | int | float]


class SourceError(ValueError):
    """A source cannot be turned into a document; the message names the file and what to mend."""


@dataclass(frozen=True, slots=True)
class Source:
    """One hand-written text: front matter, text with marks, and the folder it was read from."""

    path: Path
    settings: Mapping[str, Any]
    marked_text: str

    @property
    def file_name(self) -> str:
        """The name of the document to make."""
        return str(self.settings["file"])

    @property
    def absent(self) -> frozenset[str]:
        """The variables about which the text says nothing."""
        return frozenset(self.settings.get("absent", ()))

    @property
    def text(self) -> str:
        """The text without marks."""
        return MARK.sub(lambda mark: mark["words"], self.marked_text)

    @property
    def sections(self) -> dict[str, str]:
        """The unmarked text cut at lines that read `=== name`, in their order."""
        parts = re.split(r"^=== (.+)$", self.text, flags=re.MULTILINE)
        return {parts[i].strip(): parts[i + 1].strip("\n") for i in range(1, len(parts) - 1, 2)}


@dataclass(frozen=True, slots=True)
class Labels:
    """What a source says: per variable its values, and the words that state each of them."""

    values: dict[str, list[GoldValue]]
    words: dict[str, list[str]]


def read_source(path: Path) -> Source:
    """Read one source. Raises SourceError without front matter or without a file name."""
    raw = path.read_text(encoding="utf-8")
    parts = raw.split("---\n", 2)
    if len(parts) != 3 or parts[0]:
        raise SourceError(f"{path.name}: begin the source with YAML front matter between two '---' lines")
    settings = yaml.safe_load(parts[1])
    if not isinstance(settings, dict) or "file" not in settings:
        raise SourceError(f"{path.name}: the front matter needs 'file', the name of the document to make")
    return Source(path, settings, parts[2])


def read_labels(source: Source, types: Mapping[str, str]) -> Labels:
    """Collect the marked values of a source; `types` gives the project's variable names and types.

    Raises SourceError for an unknown variable, a variable neither marked nor absent or both, and for two values
    of a single-valued variable (only TEXT may have several; equal values are kept once).
    """
    values: dict[str, list[GoldValue]] = {name: [] for name in types}
    words: dict[str, list[str]] = {name: [] for name in types}
    for mark in MARK.finditer(source.marked_text):
        name = mark["name"]
        if name not in types:
            raise SourceError(f"{source.path.name}: mark for unknown variable {name!r}")
        stated = _plain(mark["words"], source.path.suffix)
        value = typed(mark["value"] if mark["value"] is not None else stated, types[name])
        if mark["key"]:
            _merge(values[name], mark["key"], value)
        elif value not in values[name]:
            values[name].append(value)
        words[name].append(stated)
    _check(source, values, types)
    return Labels(values, words)


def typed(value: str, variable_type: str) -> str | int | float | bool:
    """The value of a mark in the JSON type of its variable; numbers inside JSON values become numbers."""
    if variable_type == "BOOLEAN":
        return {"true": True, "false": False}[value]
    if variable_type == "NUMBER" or (variable_type == "JSON" and re.fullmatch(r"\d+(\.\d+)?", value)):
        number: int | float = json.loads(value)
        return number
    return value


def _merge(values: list[GoldValue], key: str, value: str | int | float | bool) -> None:
    if not values:
        values.append({})
    record = values[0]
    assert isinstance(record, dict)
    record.setdefault(key, value)


def _plain(words: str, suffix: str) -> str:
    if suffix in MARKUP_SUFFIXES:
        words = html.unescape(re.sub(r"<[^>]+>", "", words))
    return " ".join(words.split())


def _check(source: Source, values: Mapping[str, list[GoldValue]], types: Mapping[str, str]) -> None:
    marked = {name for name, found in values.items() if found}
    if marked & source.absent:
        raise SourceError(f"{source.path.name}: marked and absent at once: {sorted(marked & source.absent)}")
    forgotten = set(types) - marked - source.absent
    if forgotten:
        raise SourceError(f"{source.path.name}: neither marked nor absent: {sorted(forgotten)}")
    if source.absent - set(types):
        raise SourceError(f"{source.path.name}: unknown in 'absent': {sorted(source.absent - set(types))}")
    for name, found in values.items():
        if len(found) > 1 and types[name] != "TEXT":
            raise SourceError(f"{source.path.name}: {name} is marked with several values: {found}")
