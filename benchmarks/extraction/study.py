"""A study of Crucible's own, prepared up to the extraction stage, so that this stage alone can be timed."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks.extraction.accounts import Row
from benchmarks.extraction.corpus import Corpus
from crucible_assets.chunks.asset import cut_documents
from crucible_assets.chunks.split import SplitSettings
from crucible_assets.documents.asset import read_documents
from crucible_assets.documents.intake import take_folder
from crucible_assets.extractions.asset import asked_variables
from crucible_assets.extractions.open import open_gateways
from crucible_assets.extractions.progress import Progress
from crucible_assets.extractions.run import Run, extract
from crucible_assets.prompts.asset import make_prompts
from resources.database.repositories.cells import load_cells
from resources.database.repositories.documents import list_documents
from resources.database.repositories.projects import ensure_tenant, load_project, save_project
from resources.installation import Installation
from resources.project import Project, project_from_data
from resources.settings import load_settings
from resources.vocabulary import DocumentOrigin

TENANT = "bench"
PROJECT = "bench"
MODEL = "openai:bench"
_CUT_TOGETHER = 50
_LOADED_TOGETHER = 500


@dataclass(frozen=True, slots=True)
class Study:
    """A stored project whose documents are read and cut."""

    installation: Installation
    project: Project
    names: Mapping[UUID, str]  # of documents
    seconds: Mapping[str, float]  # of each step of the preparation


def project_data(corpus: Corpus, folder: Path, variables_per_call: int) -> dict[str, Any]:
    """The project file of a corpus, as plain data: every variable is TEXT, everything else is the default."""
    return {
        "name": PROJECT,
        "documents": str(folder),
        "settings": {"variables_per_call": variables_per_call},
        "variables": [
            {"name": name, "type": "TEXT", "instructions": f"The value of {name}."} for name in corpus.variables
        ],
    }


def prepare(corpus: Corpus, folder: Path, variables_per_call: int) -> Study:
    """Take in, read and cut the documents in the installation that the environment names."""
    corpus.write(folder)
    project = project_from_data(project_data(corpus, folder, variables_per_call))
    installation = Installation(load_settings())
    database = installation.database
    with database.transaction(TENANT) as session:
        ensure_tenant(session)
        save_project(session, project)
    marks = [time.perf_counter()]
    take_folder(database, installation.files, TENANT, project.id, str(folder), DocumentOrigin.FOLDER)
    marks.append(time.perf_counter())
    with database.transaction(TENANT) as session:
        rows = list_documents(session, project.id)
    read_documents(installation, TENANT, rows)
    marks.append(time.perf_counter())
    with database.transaction(TENANT) as session:
        rows = list_documents(session, project.id)
    for at in range(0, len(rows), _CUT_TOGETHER):
        cut_documents(installation, TENANT, rows[at : at + _CUT_TOGETHER], SplitSettings())
    with database.transaction(TENANT) as session:
        make_prompts(session, project)
    marks.append(time.perf_counter())
    steps = ("take in", "read", "cut")
    seconds = {step: marks[index + 1] - marks[index] for index, step in enumerate(steps)}
    return Study(installation, project, {row.id: row.name for row in rows}, seconds)


def fill(study: Study, concurrency: int) -> Progress:
    """Run the extraction stage over all documents; blocking."""
    with study.installation.database.transaction(TENANT) as session:
        stored = load_project(session, study.project.id)
        assert stored is not None
        asked = asked_variables(session, stored)
        rows = list_documents(session, study.project.id)
    run = Run(study.installation.database, TENANT, stored, asked, rows, None, concurrency)
    return extract(run, lambda: open_gateways(study.installation, run, [MODEL])).total


def results(
    installation: Installation, tenant: str, project: str, names: Mapping[UUID, str]
) -> Iterator[tuple[Row, Counter[str]]]:
    """Each document's row of values, and how many of its cells are in which state; a few documents at a time."""
    ids = list(names)
    for at in range(0, len(ids), _LOADED_TOGETHER):
        values: dict[UUID, dict[str, list[str]]] = {id_: {} for id_ in ids[at : at + _LOADED_TOGETHER]}
        states: dict[UUID, Counter[str]] = {id_: Counter() for id_ in values}
        with installation.database.transaction(tenant) as session:
            for cell in load_cells(session, project, list(values)):
                states[cell.document_id][cell.state] += 1
                if cell.value is not None:
                    values[cell.document_id][cell.variable] = [cell.value]
        for id_, given in values.items():
            if states[id_]:  # a document without cells is a row that is missing
                yield (names[id_], given), states[id_]
