"""Every parameter that can be set changes what the pipeline does, seen in its tables and at a real model server."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from crucible_assets.chunks.asset import chunks
from crucible_assets.chunks.split import SplitSettings, split_settings
from crucible_assets.documents.asset import read_documents
from crucible_assets.documents.intake import take_folder
from crucible_assets.extractions.asset import samples
from crucible_assets.prompts.asset import prompts
from resources.database.repositories.calls import spending
from resources.database.repositories.cells import load_cells
from resources.database.repositories.documents import list_documents
from resources.database.repositories.passages import load_spans
from resources.database.repositories.projects import settings_of
from resources.database.tables import calls
from resources.installation import Installation
from resources.project import ProjectSettings
from resources.vocabulary import DocumentOrigin

PATH = "/v1/projects/loans"
FILLER = "The board met and spoke of the weather, at length and to no end. " * 40
LONG = "\n\n".join(f"## Part {n}\n\n{FILLER}" for n in range(12)) + "\n\nprice: 4321\n\nbuyer: Ann Orchard\n"
VARIABLES = [
    {"name": "price", "type": "NUMBER", "instructions": "The price agreed."},
    {"name": "buyer", "type": "TEXT", "instructions": "Who buys."},
]
SMALL = {"chunk_tokens_min": 400, "chunk_tokens_max": 600, "overlap_tokens_min": 20, "overlap_tokens_max": 60}
CUT = {**SMALL, "whole_below_words": 0}


class Study:
    """A project made by the API and run by the pipeline's own assets."""

    def __init__(self, client, installation: Installation, server, tenant: str, folder) -> None:
        self.client, self.installation, self.server, self.tenant = client, installation, server, tenant
        body = {"name": "Loans", "variables": VARIABLES}
        assert client.post("/v1/projects", json=body).status_code == 201
        (folder / "minutes.txt").write_text(LONG)
        database = installation.database
        take_folder(database, installation.files, tenant, "loans", str(folder), DocumentOrigin.FOLDER)
        read_documents(installation, tenant, self.rows())

    def rows(self):
        with self.installation.database.transaction(self.tenant) as session:
            return list_documents(session, "loans")

    def set(self, **groups: Any) -> None:
        answer = self.client.put(f"{PATH}/parameters", json=groups)
        assert answer.status_code == 200, answer.text

    def make(self, *assets: dg.AssetsDefinition, partition: str) -> None:
        with dg.DagsterInstance.ephemeral() as instance:
            instance.add_dynamic_partitions("batches", [f"{self.tenant}/loans/0001"])
            instance.add_dynamic_partitions("projects", [f"{self.tenant}/loans"])
            for asset in assets:
                done = dg.materialize(
                    [asset],
                    partition_key=partition,
                    instance=instance,
                    resources={"installation": self.installation},
                )
                assert done.success

    def cut(self) -> list[tuple[int, int]]:
        self.make(chunks, partition=f"{self.tenant}/loans/0001")
        (row,) = self.rows()
        with self.installation.database.transaction(self.tenant) as session:
            return [span[:2] for span in load_spans(session, [row.id])[row.id]]

    def ask(self) -> None:
        self.server.reset()
        self.make(prompts, samples, partition=f"{self.tenant}/loans")

    def purposes(self, variable: str) -> Counter[str]:
        """What the calls that ask for a variable were for."""
        with self.installation.database.transaction(self.tenant) as session:
            return Counter(session.scalars(sa.select(calls.c.purpose).where(calls.c.variables.any(variable))))

    def cells(self) -> dict[str, Any]:
        with self.installation.database.transaction(self.tenant) as session:
            return {cell.variable: cell for cell in load_cells(session, "loans")}


@pytest.fixture
def study(client_as, settings, database, model_server, monkeypatch, tenant, tmp_path) -> Study:
    monkeypatch.setenv("OPENAI_BASE_URL", model_server.openai_url)
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    installation = Installation(replace(settings, models=("openai:gpt-4.1-mini",), parser_workers=1))
    installation.__dict__["database"] = database
    return Study(client_as("researcher"), installation, model_server, tenant, tmp_path)


def test_chunk_sizes_are_those_of_the_project_and_part_of_what_makes_chunks_stale(study, database, tenant):
    assert SplitSettings() == split_settings(ProjectSettings())  # nothing is stale that says nothing
    usual = study.cut()
    before = study.rows()[0].chunks_version
    assert before == SplitSettings().hash
    study.set(chunking=CUT)
    small = study.cut()
    assert len(small) > len(usual) + 5
    with database.transaction(tenant) as session:
        wanted = split_settings(settings_of(session, "loans")).hash
    assert study.rows()[0].chunks_version == wanted != before
    study.set(chunking={**CUT, "overlap_tokens_min": 0, "overlap_tokens_max": 0})
    apart = study.cut()
    assert all(start == end for (_, end), (start, _) in pairwise(apart))
    assert any(start < end for (_, end), (start, _) in pairwise(small))
    study.set(chunking={**SMALL, "whole_below_words": 10_000})
    assert len(study.cut()) == 1


def test_retrieval_asks_as_many_chunks_first_as_is_set(study, monkeypatch):
    monkeypatch.setattr("crucible_assets.extractions.asset.search_vectors", lambda *_: (None, {}))  # words decide
    for many in (1, 4):
        study.set(chunking=CUT, retrieval={"long_documents": "retrieve", "retrieve_chunks": many})
        assert len(study.cut()) > 8
        study.ask()
        assert study.cells()["price"].value == 4321
        assert study.purposes("price")["EXTRACT"] == many  # those of before are in the ledger


def test_the_projects_models_temperature_and_room_are_what_is_sent(study):
    study.cut()
    study.ask()
    assert {call.model for call in study.server.calls} == {"gpt-4.1-mini"}
    study.set(generation={"models": ["openai:gpt-4.1"], "temperature": 0.65, "max_output_tokens": 444})
    study.ask()
    bodies = [call.body for call in study.server.calls]
    assert {body["model"] for body in bodies} == {"gpt-4.1"}
    assert {body["temperature"] for body in bodies} == {0.65}
    assert {body.get("max_completion_tokens") or body.get("max_tokens") for body in bodies} == {444}
    study.ask()
    assert study.server.stats().calls == 0  # nothing changed: nothing is asked again


def test_the_next_model_of_the_project_stands_in(study):
    study.cut()
    study.server.configure(models=("gpt-4.1",))
    study.set(generation={"models": ["openai:gone", "openai:gpt-4.1"]})
    study.ask()
    assert {cell.model for cell in study.cells().values()} == {"openai:gpt-4.1"}


def test_variables_travel_together_and_answers_are_repeated_and_verified_as_set(study):
    parts = len(study.cut())
    study.set(generation={"variables_per_call": 2})
    study.ask()
    assert study.server.stats().calls == parts
    assert study.purposes("price") == study.purposes("buyer") == {"EXTRACT": parts}
    study.set(generation={"self_agreement": 3, "verification": "all", "verification_model": "openai:judge"})
    study.ask()
    assert study.purposes("price") == {"EXTRACT": 2 * parts, "REPEAT": 2 * parts, "VERIFY": 1}
    assert [call.model for call in study.server.calls].count("judge") == 2


def test_a_budget_is_kept(study, database, tenant):
    study.cut()
    study.set(generation={"budget_usd": 0.000001})
    study.server.reset()
    with pytest.raises(Exception, match="budget"):
        study.ask()
    assert study.server.stats().calls == 0
    with database.transaction(tenant) as session:
        assert spending(session, "loans").calls == 0
