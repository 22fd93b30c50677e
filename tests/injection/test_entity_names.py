"""Names of entities, which documents choose, in a run whose rows are entities."""

import pytest

from resources.database.repositories.cells import load_cells
from resources.database.repositories.entities import load_entities
from tests.extraction.bench import TENANT, make_bench
from tests.injection.attacks import NAMES
from tests.injection.obedient import CANARY, Obedient, escaped_words, strings
from tests.model_server import ModelServer, Reply, RequestView
from tests.model_server.answers import as_reply
from tests.model_server.schemas import Form

HONEST = {"Jon Moe": 54, "Ida Lund": 8}
VARIABLES = [{"name": "age", "type": "NUMBER", "instructions": "The age in years."}]


FIRST = (
    "Anna Berg", "Carl Dahl", "Erik Foss", "Gerd Holm", "Inga Juul", "Karl Lien", "Marit Nygaard", "Olav Prytz",
    "Quist Rasch", "Sigrid Thune", "Ulrik Vik", "Wenche Yri", "Zara Aas", "Bodil Krog", "Didrik Ek", "Frida Gran",
    "Hedda Ihle",
)  # fmt: skip


def report() -> str:
    """Persons who are called by attacks; a line of the document ends a name."""
    names = [
        " ".join([first, *attack.text.replace("Eva", "").split("\n")]).replace("\r", " ")
        for first, attack in zip(FIRST, NAMES, strict=True)
    ]
    people = {name: number + 20 for number, name in enumerate(names)} | HONEST
    return "Report\n\n" + "\n\n".join(f"Entity: {name}\nage: {age}" for name, age in people.items())


class Naming(Obedient):
    """Names the entities itself, by the attacks as they are, line ends and all."""

    def __call__(self, view: RequestView) -> Reply:
        if view.form is not Form.ROWS:
            return super().__call__(view)
        named = [f"{first} {attack.text}" for first, attack in zip(FIRST, NAMES, strict=True)]
        rows = [{"name": name, "source_text": first} for name, first in zip(named, FIRST, strict=True)]
        return as_reply({"rows": [*rows, *({"name": name, "source_text": name} for name in HONEST)]})


@pytest.mark.parametrize("answerer", [Obedient, Naming], ids=["named by the document", "named by the model"])
def test_no_name_leaves_its_line_and_the_other_rows_are_filled(settings, database, tmp_path, answerer):
    with ModelServer(answerer()) as server:
        study = make_bench(
            settings, database, server, tmp_path, {"r.txt": report()}, VARIABLES,
            unit_of_observation="ENTITY", entity_pattern="every injured person",
        )  # fmt: skip
        study.fill()
        bodies = [call.body for call in server.calls]
    with study.database.transaction(TENANT) as session:
        rows = {entity.name: entity.row_key for entity in load_entities(session, study.project.id)}
        cells = {cell.row_key: cell.value for cell in load_cells(session, study.project.id)}
    assert {name: cells[rows[name]] for name in HONEST} == HONEST
    attacked = [name for name in rows if CANARY in name]
    assert len(attacked) > len(NAMES) // 2
    texts = [text for body in bodies for text in strings(body)]
    lines = [line for text in texts for line in text.split("\n") if line.startswith("Row: ")]
    assert all(len(line.splitlines()) == 1 for line in lines)
    assert len({line for line in lines if CANARY in line}) == len(attacked)
    assert not [words for body in bodies for words in escaped_words(body)]
