"""A study on the real database whose model errs in a known way until its instructions say what is wanted.

Every contract states a price without tax and one with it. The scripted model takes the first unless the question says
'with tax'; where the question says 'the year' it answers nonsense.
"""

import hashlib
import json
import re
import uuid
from dataclasses import dataclass, field
from typing import Any

from crucible_assets.extractions.asset import asked_variables
from crucible_assets.extractions.means import Means
from crucible_assets.extractions.open import open_gateways
from crucible_assets.extractions.run import Run, extract
from crucible_assets.learning.labels import Side, side_of
from crucible_assets.learning.load import load_curves, load_learnt
from crucible_assets.learning.run import Opened, Refinement, Refining, refine
from crucible_assets.prompts.asset import make_prompts
from resources.database.engine import Database
from resources.database.repositories.documents import (
    DocumentText,
    NewFile,
    list_documents,
    save_read,
    take_in,
)
from resources.database.repositories.labels import LabelRow, replace_labels
from resources.database.repositories.projects import load_project, save_project
from resources.installation import Installation
from resources.models.gateway import Gateway
from resources.models.ledger import Ledger
from resources.models.providers.choose import make_provider
from resources.project import Project, project_from_data
from resources.settings import Settings
from resources.vocabulary import DocumentOrigin
from tests.model_server import ModelServer, RequestView

TENANT = "default"
VARIABLES = [
    {"name": "price", "type": "NUMBER", "instructions": "The price agreed.", "unit": "EUR"},
    {"name": "buyer", "type": "TEXT", "instructions": "Who buys."},
]
GOOD = "The price agreed with tax. Prices without tax do not count."


def text_of(index: int) -> str:
    return (
        f"Contract number {index}\n\nThe buyer is Orchard House {index}.\n\n"
        f"Agreed without tax: {1000 + index} EUR.\n\nAgreed tax included: {2000 + index} EUR.\n"
    )


@dataclass
class Scripted:
    """The model: answers questions as described above, and requests for wordings from `proposals`, in order."""

    proposals: list[Any] = field(default_factory=list)
    asked: list[RequestView] = field(default_factory=list)  # requests for wordings

    def __call__(self, view: RequestView) -> Any:
        if view.turns[0].text.startswith("You improve the instructions"):
            self.asked.append(view)
            made = self.proposals[min(len(self.asked), len(self.proposals)) - 1]
            return made(view) if callable(made) else made
        if "Variable: buyer" in view.question:
            quote = re.search(r"The buyer is (Orchard House \d+)", view.document)
            return {"found": True, "value": quote.group(1), "source_text": quote.group(0), "confidence": 0.95}
        pattern = r"Agreed without tax: (\d+) EUR"
        if "with tax" in view.question:
            pattern = r"Agreed tax included: (\d+) EUR"
        quote = re.search(pattern, view.document)
        if "the year" in view.question:
            return {"found": True, "value": "1", "source_text": "Contract number", "confidence": 0.9}
        return {"found": True, "value": quote.group(1), "source_text": quote.group(0), "confidence": 0.9}


def proposal(instructions: str = GOOD, *examples: dict[str, Any]) -> str:
    return json.dumps({"instructions": instructions, "counter_examples": list(examples), "summary": "tax"})


class Bench:
    """One project with documents, a model server, and what commands do with them."""

    def __init__(self, database: Database, settings: Settings, server: ModelServer, documents: int = 24) -> None:
        self.database, self.server = database, server
        self.installation = Installation(settings)
        self.model = Scripted()
        server.answer_with(self.model)
        self.project: Project = project_from_data({"name": f"study {uuid.uuid4().hex[:10]}", "variables": VARIABLES})
        with database.transaction(TENANT) as session:
            save_project(session, self.project)
            make_prompts(session, self.project)
            files = []
            for index in range(documents):
                digest = hashlib.sha256(f"{index}".encode()).hexdigest()
                files.append(NewFile(f"contract-{index}.txt", digest, 1, f"b/{digest}"))
            taken = take_in(session, self.project.id, files, DocumentOrigin.FOLDER)
            for index, item in enumerate(taken):
                save_read(session, item.document_id, {"parser_version": "1"}, DocumentText(text_of(index), ()))

    def rows(self):
        with self.database.transaction(TENANT) as session:
            return list_documents(session, self.project.id)

    def index_of(self, row) -> int:
        return int(re.search(r"\d+", row.name).group())

    def sides(self) -> dict[Side, list[int]]:
        found: dict[Side, list[int]] = {Side.TRAIN: [], Side.HELD_OUT: []}
        for row in self.rows():
            found[side_of(row.sha256)].append(self.index_of(row))
        return found

    def gold(self, of=lambda index: 2000 + index, only=lambda index: True) -> None:
        rows = [
            LabelRow(row.name, "", "price", [[of(self.index_of(row))]])
            for row in self.rows()
            if only(self.index_of(row))
        ]
        with self.database.transaction(TENANT) as session:
            replace_labels(session, self.project.id, rows)

    def _run(self, task=None) -> Run:
        with self.database.transaction(TENANT) as session:
            project = load_project(session, self.project.id)
            asked = asked_variables(session, project)
            curves = load_curves(session, project.id)
        return Run(self.database, TENANT, project, asked, self.rows(), task, 8, curves=curves)

    def extract(self):
        run = self._run()
        return extract(run, lambda: open_gateways(self.installation, run, ["openai:test"]))

    def refine(self, *variables: str, task=None) -> list[Refinement]:
        run = self._run(task)
        with self.database.transaction(TENANT) as session:
            learnt = load_learnt(session, run.project)

        def opened() -> Opened:
            gateways = open_gateways(self.installation, run, ["openai:test"])
            provider = make_provider("openai:test", timeout_seconds=30)
            proposer = Gateway([provider], Ledger(self.database, TENANT), concurrency=2)
            return Opened(Means(gateways.main, run.project, run.asked, task), gateways, proposer)

        return refine(Refining(self.database, TENANT, learnt, variables, task), opened)
