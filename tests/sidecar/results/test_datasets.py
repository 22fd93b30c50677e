"""The dataset as a table: every row and value there is, and counts that add up."""

import pytest

from resources.database.repositories.datasets import save_dataset
from tests.sidecar.results.study import Study, everything

LATEST = "/v1/results/datasets/latest"


@pytest.fixture
def study(database, tenant):
    made = Study(database, tenant)
    for number in range(5):
        document = made.document(f"letter-{number}.txt")
        made.cell(document, "amount", number)
        if number % 2:
            made.cell(document, "party", None, "FAILED")
            made.cell(document, "tags", ["甲", "乙"], "UNCERTAIN")
    return made


def adds_up(account):
    return account["rows"] * account["variables"] == sum(account["states"].values()) + account["missing"]


def test_every_row_has_a_place_for_every_variable_and_the_counts_add_up(study, client_as):
    table = client_as("viewer").get(LATEST, params={"project_id": study.id}).json()
    assert table["source"] == "cells of now"
    assert [(c["name"], c["type"], c["several_values"]) for c in table["columns"]] == [
        ("amount", "NUMBER", False), ("party", "TEXT", False), ("tags", "TEXT", True),
    ]  # fmt: skip
    assert table["columns"][0]["unit"] == "EUR"
    assert [row["row_label"] for row in table["items"]] == [f"letter-{number}.txt" for number in range(5)]
    assert all(set(row["cells"]) == {"amount", "party", "tags"} for row in table["items"])
    assert table["items"][0]["cells"]["party"] is None, "not extracted yet"
    assert table["items"][1]["cells"]["tags"]["value"] == ["甲", "乙"]
    assert table["items"][1]["cells"]["tags"]["uncertain"] is True
    account = table["account"]
    assert account["states"] == {"VALUE": 5, "ABSENT": 0, "NOT_APPLICABLE": 0, "UNCERTAIN": 2, "FAILED": 2}
    assert (account["rows"], account["cells_expected"], account["missing"]) == (5, 15, 6)
    assert adds_up(account)


@pytest.mark.parametrize("limit", [1, 2, 500])
def test_rows_in_pages_are_each_there_once(study, client_as, limit):
    rows = everything(client_as(), LATEST, project_id=study.id, limit=limit)
    assert [row["document_name"] for row in rows] == [f"letter-{number}.txt" for number in range(5)]


def test_rows_of_entities_and_documents_that_could_not_be_searched(database, tenant, client_as):
    study = Study(database, tenant, "ENTITY")
    full, empty, broken, waiting = (study.document(name) for name in ("a.txt", "b.txt", "c.txt", "d.txt"))
    study.lots(full, ["one", "two"])
    study.lots(empty, [])
    study.lots(broken, ["three"], failure="a part could not be read")
    study.cell(full, "amount", 1, row_key="lot-1")
    table = client_as().get(LATEST, params={"project_id": study.id}).json()
    rows = [(row["document_name"], row["row_label"], row["entity_status"]) for row in table["items"]]
    assert rows == [
        ("a.txt", "one", "EXACT"), ("a.txt", "two", "EXACT"), ("c.txt", "c.txt", None), ("c.txt", "three", "EXACT"),
        ("d.txt", "d.txt", None),
    ]  # fmt: skip
    assert waiting
    assert table["account"]["documents_without_rows"] == 1
    assert adds_up(table["account"])
    pages = everything(client_as(), LATEST, project_id=study.id, limit=2)
    assert [(row["document_name"], row["row_key"]) for row in pages] == [
        ("a.txt", "lot-1"), ("a.txt", "lot-2"), ("c.txt", ""), ("c.txt", "lot-1"), ("d.txt", ""),
    ]  # fmt: skip


def test_the_rows_are_those_of_the_exported_dataset(study, database, tenant, client_as):
    from crucible_assets.datasets.load import load_dataset
    from crucible_assets.datasets.table import in_order

    with database.transaction(tenant) as session:
        data, _ = load_dataset(session, study.project, whole_corpus=True)
    rows = everything(client_as(), LATEST, project_id=study.id, limit=2)
    assert [row["document_name"] for row in rows] == [row.document_name for row in in_order(data.rows)]
    values = {(r["document_id"], name): c["value"] for r in rows for name, c in r["cells"].items() if c}
    assert values == {(cell.row_key, cell.variable): cell.value for cell in data.cells}


def test_stored_versions_are_listed_newest_first(study, database, tenant, client_as):
    for number in range(3):
        with database.transaction(tenant) as session:
            save_dataset(session, study.id, f"hash-{number}", 5, {"VALUE": 5, "FAILED": 2}, [{"variable": "amount"}])
    client = client_as("viewer")
    versions = everything(client, "/v1/results/datasets", project_id=study.id, limit=1)
    assert [version["version"] for version in versions] == [3, 2, 1]
    assert versions[0]["states"]["ABSENT"] == 0
    one = client.get("/v1/results/datasets/2", params={"project_id": study.id})
    assert one.json()["quality"] == [{"variable": "amount"}]
    assert client.get("/v1/results/datasets/4", params={"project_id": study.id}).status_code == 404
    assert client.get(LATEST, params={"project_id": study.id}).json()["stored"]["version"] == 3


@pytest.mark.parametrize("path", ["/v1/results/datasets", LATEST, "/v1/results/datasets/1"])
def test_datasets_of_other_tenants_are_none(study, client_as, path, other):
    assert client_as("admin", tenant=other).get(path, params={"project_id": study.id}).status_code == 404
    assert client_as("admin").get(path, params={"project_id": "nothing"}).status_code == 404
