"""Reading a project file, with errors that say what to mend."""

from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from crucible_assets.prompts.examples import check_examples
from resources.project import Project, ProjectError, project_from_data


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """A project and where its file lies."""

    path: Path
    project: Project

    @property
    def gold(self) -> Path:
        """Where gold labels lie when nothing else is said."""
        return self.path.parent / "gold.jsonl"


def read_project_file(path: Path) -> ProjectFile:
    """The project in a YAML file, its documents' place made absolute. Raises ProjectError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ProjectError([f"{path}: there is no such file."]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError([f"{path}: could not be read as UTF-8 text: {error}."]) from None
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ProjectError([f"{path}: this is not YAML: {error}"]) from None
    if not isinstance(data, dict):
        raise ProjectError([f"{path}: a project file is a mapping with name, documents and variables."])
    if not data.get("documents"):
        raise ProjectError([f"{path}: `documents` is missing: the folder, glob or URL of the documents."])
    try:
        project = project_from_data(data)
        check_examples(project)
    except ProjectError as error:
        raise ProjectError([f"{path}: {problem}" for problem in error.problems]) from None
    source = str(project.source)
    if "://" not in source:
        source = str((path.parent / Path(source).expanduser()).absolute())
    return ProjectFile(path, replace(project, source=source))
