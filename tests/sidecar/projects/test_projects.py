"""Projects and variables through the API: what it accepts the command line accepts, and no change is lost."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cli.project_file import read_project_file
from resources.database.repositories.projects import load_project
from resources.database.repositories.tasks import create_task
from resources.database.tables import audit_log
from resources.vocabulary import TaskKind

STUDY = Path(__file__).resolve().parents[3] / "samples" / "heat_pump_grants" / "project.yaml"
AMOUNT = {"name": "amount", "type": "NUMBER", "instructions": "The sum that was lent.", "unit": "EUR"}
KIND = {
    "name": "kind",
    "type": "CATEGORY",
    "instructions": "What kind of contract it is.",
    "classification_rules": {"loan": "Money is lent.", "lease": ""},
}


@pytest.fixture
def client(client_as):
    return client_as("researcher")


@pytest.fixture
def project(client) -> str:
    return made(client, name="Loans", variables=[AMOUNT, KIND])


def made(client, **body: Any) -> str:
    answer = client.post("/v1/projects", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/v1/projects/{answer.json()['id']}"
    return answer.json()["id"]


def fields(answer) -> set[str]:
    assert answer.status_code == 422, answer.text
    return {error["field"] for error in answer.json()["errors"]}


def test_a_project_may_begin_without_variables_and_gets_them_later(client):
    project = made(client, name="Überlassene Verträge 2024")
    assert client.get(f"/v1/projects/{project}").json()["variables"] == []
    answer = client.post(f"/v1/projects/{project}/variables", json=AMOUNT)
    assert (answer.status_code, answer.json()["position"], answer.json()["unit"]) == (201, 0, "EUR")
    assert [v["name"] for v in client.get(f"/v1/projects/{project}/variables").json()] == ["amount"]


def test_a_taken_id_is_a_conflict_that_names_a_free_one(client, project):
    answer = client.post("/v1/projects", json={"name": "Loans"})
    assert (answer.status_code, answer.json()["suggestion"]) == (409, "loans-2")
    assert made(client, name="Loans", id="loans-2") == "loans-2"
    assert client.post("/v1/projects", json={"name": "Loans"}).json()["suggestion"] == "loans-3"


def test_the_same_idempotency_key_makes_one_project(client):
    headers = {"Idempotency-Key": "k1"}
    first = client.post("/v1/projects", json={"name": "Once"}, headers=headers)
    again = client.post("/v1/projects", json={"name": "Once"}, headers=headers)
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())


def test_every_problem_is_listed_with_its_field(client):
    body = {
        "name": "Loans",
        "unit_of_observation": "ENTITY",
        "parameters": {
            "chunking": {"chunk_tokens_min": 900, "chunk_tokens_max": 800, "overlap_tokens_max": 600},
            "generation": {"verification_model": "openai:judge"},
        },
        "variables": [
            {**AMOUNT, "validation": {"pattern": "(", "minimum": 5, "maximum": 1}},
            {**AMOUNT, "name": "amount__x", "depends_on": [{"variable": "nothing"}]},
            {**AMOUNT, "name": "amount_x", "if_uncertain": "DEFAULT"},
        ],
    }
    assert fields(client.post("/v1/projects", json=body)) == {
        "body.entity_pattern",
        "body.settings.chunk_tokens_max",
        "body.settings.overlap_tokens_max",
        "body.settings.verification_model",
        "body.variables.amount.validation",
        "body.variables.amount_x.name",
        "body.variables.amount__x.depends_on",
        "body.variables.amount_x.default_value",
    }
    wrong = {**AMOUNT, "examples": [{"text": "It cost 5.", "value": 7}]}
    assert client.post("/v1/projects", json={"name": "Loans", "variables": [wrong]}).status_code == 422


@pytest.mark.parametrize(
    "default", ["a\u0000b", "\ud800", {"deep": [[[[["\u0000"]]]]]}, {"\ud800": 1}, float("inf"), 10**600]
)
def test_what_no_database_keeps_is_refused_in_words(client, project, default):
    import json

    body = json.dumps({**AMOUNT, "name": "x", "type": "JSON", "unit": None, "default_value": default})
    headers = {"Content-Type": "application/json"}
    answer = client.post(f"/v1/projects/{project}/variables", content=body.encode(), headers=headers)
    assert answer.status_code in (400, 422), answer.text


def test_a_list_has_pages_words_and_the_archived(client):
    names = [made(client, name=f"Study {letter}", description="50 % of all" * (letter == "c")) for letter in "abcd"]
    first = client.get("/v1/projects", params={"limit": 3}).json()
    second = client.get("/v1/projects", params={"limit": 3, "after": first["next"]}).json()
    assert [item["id"] for item in first["items"] + second["items"]] == names
    assert second["next"] is None
    assert [p["id"] for p in client.get("/v1/projects", params={"q": "0 %"}).json()["items"]] == ["study-c"]
    assert client.post("/v1/projects/study-b/archive").json()["archived"] is True
    assert [p["id"] for p in client.get("/v1/projects", params={"archived": True}).json()["items"]] == ["study-b"]
    assert len(client.get("/v1/projects").json()["items"]) == 3
    assert client.patch("/v1/projects/study-b", json={"name": "x"}).status_code == 409
    assert client.post("/v1/projects/study-b/restore").json()["archived"] is False
    assert client.get("/v1/projects", params={"after": "!"}).status_code == 422


def test_a_change_with_if_match_is_made_only_to_what_was_read(client, project):
    path = f"/v1/projects/{project}"
    read = client.get(path).headers["etag"]
    changed = client.patch(path, json={"description": "one"}, headers={"If-Match": read})
    assert (changed.status_code, changed.json()["description"]) == (200, "one")
    assert changed.headers["etag"] != read
    late = client.patch(f"{path}/variables/amount", json={"unit": "USD"}, headers={"If-Match": read})
    assert (late.status_code, late.headers["etag"]) == (412, changed.headers["etag"])
    assert client.get(f"{path}/variables/amount").json()["unit"] == "EUR"


def test_changes_at_the_same_time_are_all_kept(client_as, project):
    def add(number: int) -> int:
        body = {**AMOUNT, "name": f"v{number}"}
        return client_as("researcher").post(f"/v1/projects/{project}/variables", json=body).status_code

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(add, range(12))) == {201}
    assert len(client_as("viewer").get(f"/v1/projects/{project}/variables").json()) == 14


def test_what_a_change_replaced_is_in_the_audit_log(client, project, database, tenant):
    client.put(f"/v1/projects/{project}/variables/amount", json={**AMOUNT, "unit": "USD"} | {"name": "amount"})
    client.patch(f"/v1/projects/{project}/variables/amount", json={"unit": "USD"})
    client.patch(f"/v1/projects/{project}/variables/amount", json={"unit": "USD"})  # nothing changes
    with database.transaction(tenant) as session:
        entries = session.execute(sa.select(audit_log).order_by(audit_log.c.n)).all()
    assert [entry.action for entry in entries] == ["project.create", "variable.change"]
    assert entries[-1].payload["changed"] == {"variables.amount.unit": {"from": "EUR", "to": "USD"}}
    assert entries[-1].actor.startswith("user:")


def test_variables_are_replaced_ordered_deleted_and_taken_up_again(client, project):
    path = f"/v1/projects/{project}/variables"
    definition = {key: value for key, value in KIND.items() if key != "name"}
    assert client.put(f"{path}/kind", json={**definition, "display_name": "Kind"}).json()["display_name"] == "Kind"
    assert [v["name"] for v in client.put(f"{path}/order", json={"names": ["kind", "amount"]}).json()] == [
        "kind",
        "amount",
    ]
    assert client.put(f"{path}/order", json={"names": ["kind"]}).status_code == 409
    assert client.patch(f"{path}/amount", json={"depends_on": [{"variable": "kind"}]}).status_code == 200
    assert client.delete(f"{path}/kind").status_code == 409
    assert client.delete(f"{path}/amount").status_code == 204
    assert client.get(f"{path}/amount").json()["active"] is False
    assert [v["name"] for v in client.get(path, params={"deleted": True}).json()] == ["kind", "amount"]
    assert client.patch(f"{path}/amount", json={"unit": "USD"}).status_code == 404
    assert client.post(path, json=AMOUNT).json()["position"] == 1


def test_variables_and_projects_are_copied(client, project):
    copy = client.post(f"/v1/projects/{project}/copy", json={"name": "Pilot"}).json()
    assert (copy["id"], [v["name"] for v in copy["variables"]]) == ("pilot", ["amount", "kind"])
    other = made(client, name="Other")
    path = f"/v1/projects/{other}/variables/copy"
    assert len(client.post(path, json={"from_project": project, "names": ["kind"]}).json()) == 1
    assert client.post(path, json={"from_project": project}).status_code == 409
    assert client.post(path, json={"from_project": project, "names": ["nobody"]}).status_code == 422
    assert client.post(path, json={"from_project": "nobody"}).status_code == 404


def test_nothing_changes_under_a_run(client, project, database, tenant):
    with database.transaction(tenant) as session:
        task = create_task(session, project, TaskKind.FULL, {}, [])
    answer = client.patch(f"/v1/projects/{project}", json={"name": "x"})
    assert (answer.status_code, answer.json()["active_task"]) == (409, str(task))


def test_a_file_of_the_command_line_round_trips_to_the_byte(client, client_as, database, tenant, tmp_path):
    yaml = {"Content-Type": "application/yaml"}
    answer = client.post("/v1/projects/import", content=STUDY.read_bytes(), headers=yaml)
    assert answer.status_code == 201, answer.text
    path = f"/v1/projects/{answer.json()['id']}"
    first = client.get(f"{path}/file")
    assert first.headers["content-type"] == "application/yaml"
    again = client.post("/v1/projects/import", content=first.content, headers=yaml, params={"replace": True})
    assert again.status_code == 201
    assert client.get(f"{path}/file").content == first.content
    stranger = client_as("researcher", tenant=f"{tenant}-b")
    assert stranger.post("/v1/projects/import", content=first.content, headers=yaml).status_code == 201
    assert stranger.get(f"{path}/file").content == first.content
    exported = tmp_path / "project.yaml"
    exported.write_bytes(first.content)
    with database.transaction(tenant) as session:
        stored = load_project(session, answer.json()["id"])
    read = read_project_file(exported).project
    assert (read.variables, read.settings) == (stored.variables, stored.settings)
    assert read.source == str(tmp_path / "documents")


def test_importing_over_a_project_is_asked_for(client, project):
    yaml = {"Content-Type": "application/yaml"}
    text = client.get(f"/v1/projects/{project}/file").text.replace("EUR", "USD")
    assert client.post("/v1/projects/import", content=text, headers=yaml).status_code == 409
    stale = {**yaml, "If-Match": '"1"'}
    assert client.post("/v1/projects/import?replace=true", content=text, headers=stale).status_code == 412
    answer = client.post("/v1/projects/import?replace=true", content=text, headers=yaml)
    assert answer.json()["variables"][0]["unit"] == "USD"


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{one}: &{one} [{','.join([f'*{before}'] * 9)}]\n" for before, one in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (BOMB, 422),
        ("a: &a [*a]", 422),
        ("[" * 100_000, 422),
        ("name: x\nvariables: 2021-13-45", 422),
        ("!!python/object/apply:os.system ['true']", 422),
        ("name: a\0b", 422),
        ('name: "a\\0b"\nvariables: [{name: x, type: TEXT, instructions: What.}]', 422),
        ("id: [1]\nname: x\nvariables: []", 422),
        ("", 422),
        (b"\xff\xfe", 400),
        ("#" * (1024 * 1024 + 1), 413),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_words(client, content, status):
    answer = client.post("/v1/projects/import", content=content, headers={"Content-Type": "application/yaml"})
    assert (answer.status_code, bool(answer.json()["detail"])) == (status, True), answer.text


def test_a_file_of_another_kind_is_refused(client):
    answer = client.post("/v1/projects/import", content="name: x", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415


def test_parameters_are_set_whole_and_read_back(client, project, settings):
    path = f"/v1/projects/{project}/parameters"
    usual = client.get(path).json()
    assert usual["chunking"]["chunk_tokens_min"] == 2_000
    assert usual["embedding"] == {"model": settings.embedding}
    wish = {"generation": {"models": ["openai:gpt-4.1"], "temperature": 0.3}, "retrieval": {"retrieve_chunks": 5}}
    changed = client.put(path, json=wish).json()
    assert (changed["generation"]["models"], changed["retrieval"]["retrieve_chunks"]) == (["openai:gpt-4.1"], 5)
    assert client.put(path, json={}).json() == usual
    assert client.put(path, json={"generation": {"temperature": 1.5}}).status_code == 422
    assert client.put(path, json={"retrieval": {"document_share": 0}}).status_code == 422
    file = {"generation": {"models": ["gguf:/etc/passwd"]}}
    assert fields(client.put(path, json=file)) == {"body.settings.models"}


@pytest.mark.parametrize("role", ["viewer", "service"])
def test_who_may_only_read_changes_nothing(client_as, project, role):
    client = client_as(role)
    assert client.get(f"/v1/projects/{project}").status_code == 200
    assert client.patch(f"/v1/projects/{project}", json={"name": "x"}).status_code == 403
    assert client.post("/v1/projects", json={"name": "x"}).status_code == 403


def test_another_tenants_project_is_not_there(client_as, project, tenant):
    stranger = client_as("admin", tenant=f"{tenant}-c")
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"name": "x"}),
        ("GET", "/file", None),
        ("GET", "/parameters", None),
        ("PUT", "/parameters", {}),
        ("POST", "/archive", None),
        ("POST", "/copy", {"name": "x"}),
        ("GET", "/variables", None),
        ("GET", "/variables/amount", None),
        ("DELETE", "/variables/amount", None),
    ):
        assert stranger.request(method, f"/v1/projects/{project}{path}", json=body).status_code == 404, path
    assert stranger.get("/v1/projects").json()["items"] == []
