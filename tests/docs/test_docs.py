"""The documents name only what exists, and leave nothing out that they promise to list."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from cli.main import cli
from crucible_assets.datasets.gold import parse_gold
from crucible_assets.definitions import defs
from resources.database.tables import metadata
from resources.models.providers.choose import DEFAULT_MODELS
from resources.project import Project, ProjectSettings, project_from_data
from resources.settings import load_settings
from resources.vocabulary import Dependency, ValidationRules, Variable

ROOT = Path(__file__).resolve().parents[2]
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PACKAGES = ("resources", "crucible_assets", "jobs", "sensors", "sidecar", "cli")

_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_TICKED = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)*/?")  # places with '$', '<' or '*' in them are not in the repository
_SUFFIXES = {".py", ".sql", ".toml", ".yaml", ".yml", ".json", ".jsonl", ".lock", ".md"}
_VARIABLE = re.compile(r"\b(?:CRUCIBLE|ANTHROPIC|OPENAI|OMP)_[A-Z_]*[A-Z]\b")

documents = pytest.mark.parametrize("document", DOCS, ids=lambda path: path.name)


def prose(document: Path) -> str:
    """A document without its fenced blocks."""
    return _FENCED.sub("", document.read_text("utf-8"))


def text_of(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def file_names() -> set[str]:
    places = [ROOT / name for name in (*PACKAGES, "docs", "tests", "samples", "benchmarks")]
    return {path.name for place in places for path in place.rglob("*")} | {path.name for path in ROOT.iterdir()}


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def test_the_documents_are_there():
    assert {path.name for path in DOCS} >= {"architecture.md", "project-file.md", "decisions.md", "dependencies.md"}


@documents
def test_every_relative_link_leads_somewhere(document):
    targets = [link.split("#")[0] for link in _LINK.findall(prose(document)) if "://" not in link]
    assert [target for target in targets if target and not (document.parent / target).exists()] == []


@documents
def test_every_path_that_is_named_exists(document):
    named = [word for word in _TICKED.findall(prose(document)) if "/" in word and _PATH.fullmatch(word)]
    assert [word for word in named if not (ROOT / word).exists()] == []


@documents
def test_every_file_that_is_named_without_a_folder_exists(document):
    names = file_names()
    named = [w for w in _TICKED.findall(prose(document)) if _PATH.fullmatch(w) and Path(w).suffix in _SUFFIXES]
    assert [word for word in named if Path(word).name not in names] == []


@documents
def test_every_command_that_is_named_exists(document):
    text = document.read_text("utf-8")
    said = re.findall(r"(?:`|^|\$\()crucible ([a-z]+(?:-[a-z]+)*)", text, re.MULTILINE)
    options = {option for command in cli.commands.values() for p in command.params for option in p.opts}
    given = re.findall(r"`crucible[^`\n]*?(--[a-z-]+)|^crucible.*?(--[a-z-]+)|`(--[a-z-]+)`", text, re.MULTILINE)
    assert [name for name in said if name not in cli.commands] == []
    assert [name for names in given for name in names if name and name not in options] == []


def test_every_direct_dependency_has_its_line():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {match.group().lower() for one in wanted if (match := re.match(r"[\w.-]+", one))}
    lines = re.findall(r"^\| `([\w.-]+)` \| .+ \| .+ \| [\d.]+ \|$", text_of("dependencies.md"), re.MULTILINE)
    assert sorted(lines) == sorted(names)


def test_every_environment_variable_is_documented():
    read = {name for module in modules("resources") for name in _VARIABLE.findall(module.read_text("utf-8"))}
    documented = set(re.findall(r"`([A-Z_]+)`", text_of("architecture.md").split("## Environment variables")[1]))
    assert "CRUCIBLE_HOME" in read
    assert read - documented == set()


def test_the_documented_defaults_are_those_of_the_settings():
    rows = re.findall(r"^\| `(CRUCIBLE_\w+)` \| `([^`]+)` \|", text_of("architecture.md"), re.MULTILINE)
    settings = load_settings({"CRUCIBLE_HOME": "/home"})
    said = dict(rows)
    assert said["CRUCIBLE_TENANT"] == settings.tenant
    assert said["CRUCIBLE_EMBEDDING"] == settings.embedding
    assert int(said["CRUCIBLE_CONCURRENCY"]) == settings.concurrency
    assert float(said["CRUCIBLE_PARSER_TIMEOUT_SECONDS"]) == settings.parser_timeout_seconds
    assert int(said["CRUCIBLE_PARSER_MEMORY_MIB"]) == settings.parser_memory_mib
    assert float(said["CRUCIBLE_CALL_TIMEOUT_SECONDS"]) == settings.call_timeout_seconds
    assert set(DEFAULT_MODELS) == {"anthropic", "openai"}  # the providers whose key alone chooses them


def test_every_table_is_described():
    described = text_of("architecture.md").split("## What is in the database")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", described, re.MULTILINE)) == set(metadata.tables)


def test_every_asset_check_and_job_is_named():
    text = text_of("architecture.md")
    assets = {spec.key.to_user_string() for spec in defs.resolve_all_asset_specs()}
    checks = {key.name for check in defs.asset_checks or () for key in check.check_keys}
    jobs = {job.name for job in defs.jobs or ()}
    assert assets
    assert checks
    assert jobs
    assert {name for name in assets if not re.search(rf"\b{name}\b", text)} == set()
    assert {name for name in checks | jobs if f"`{name}`" not in text} == set()


def test_every_key_of_the_project_file_is_described():
    described = set(re.findall(r"`(?:settings\.)?(\w+)`", text_of("project-file.md")))
    keys = {
        name for kind in (Project, ProjectSettings, Variable, ValidationRules, Dependency)
        for name in kind.__dataclass_fields__
    }  # fmt: skip
    assert keys - {"source"} - described == set()  # `source` is written `documents` in the file
    assert "documents" in described


def examples(document: str, language: str) -> list[str]:
    """The fenced blocks of one language in a document."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text_of(document), re.MULTILINE | re.DOTALL)


def test_the_examples_of_project_and_gold_files_are_valid():
    (project,) = examples("project-file.md", "yaml")
    (gold,) = examples("project-file.md", "json")
    assert [variable.name for variable in project_from_data(yaml.safe_load(project)).variables] == [
        "effective_date",
        "lender",
    ]
    assert [label.document for label in parse_gold(gold, "example")] == ["refusal-17.pdf", "award-3.pdf"]
