"""Files made from datasets: asked for, listed, and downloaded whole or in part."""

import hashlib

import pytest
import sqlalchemy as sa

from resources.database.repositories.datasets import save_dataset, save_export
from resources.database.repositories.tasks import open_tasks
from resources.database.tables import audit_log
from resources.vocabulary import TaskKind
from sidecar.exports.files import Part, UnsatisfiableRangeError, disposition, part_of
from tests.sidecar.results.study import Study, everything

DATA = "name;größe\n".encode() * 50_000


@pytest.fixture
def study(database, tenant, installation):
    made = Study(database, tenant)
    made.document("a.txt")
    with database.transaction(tenant) as session:
        version = save_dataset(session, made.id, "hash", 1, {"VALUE": 1}, [])
        for name, data in (("s-wide.csv", DATA), ("s.xlsx", b"sheet"), ("s-codebook.md", b""), ("s.jsonl", b"{}\n")):
            kind = {"csv": "csv-wide", "xlsx": "xlsx", "md": "codebook", "jsonl": "json"}[name.rpartition(".")[2]]
            save_export(
                session, made.id, version, format=kind, name=name, blob=installation.files.put(tenant, data),
                size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest(), options={},
            )  # fmt: skip
    return made


def export(client, study, name):
    (found,) = [i for i in everything(client, "/v1/exports", project_id=study.id, limit=1) if i["name"] == name]
    return found


def test_a_file_is_downloaded_as_it_was_written(study, client_as, database, tenant):
    client = client_as("viewer")
    listed = export(client, study, "s-wide.csv")
    assert client.get(f"/v1/exports/{listed['id']}").json() == listed
    answer = client.get(f"/v1/exports/{listed['id']}/download")
    assert answer.status_code == 200
    assert answer.content == DATA
    assert answer.headers["etag"] == f'"{hashlib.sha256(DATA).hexdigest()}"'
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="s-wide.csv"'
    assert answer.headers["content-length"] == str(len(DATA))
    with database.transaction(tenant) as session:
        entry = session.execute(sa.select(audit_log).where(audit_log.c.action == "export.downloaded")).one()
    assert entry.object == f"export:{listed['id']}"
    assert entry.payload["sha256"] == listed["sha256"]


@pytest.mark.parametrize(
    ("wanted", "status", "bytes_"),
    [
        ("bytes=0-9", 206, DATA[:10]),
        ("bytes=400000-400009", 206, DATA[400_000:400_010]),
        ("bytes=-7", 206, DATA[-7:]),
        (f"bytes={len(DATA) - 3}-", 206, DATA[-3:]),
        ("bytes=5-2", 200, DATA),
        ("bytes=0-1,5-6", 200, DATA),
        ("lines=0-1", 200, DATA),
    ],
)
def test_parts_of_a_file(study, client_as, wanted, status, bytes_):
    client = client_as("viewer")
    url = f"/v1/exports/{export(client, study, 's-wide.csv')['id']}/download"
    answer = client.get(url, headers={"Range": wanted})
    assert (answer.status_code, answer.content) == (status, bytes_)
    changed = client.get(url, headers={"Range": wanted, "If-Range": '"other"'})
    assert (changed.status_code, changed.content) == (200, DATA), "of another file no part is of use"


def test_a_part_beyond_the_end_is_refused_with_the_size(study, client_as):
    client = client_as("viewer")
    answer = client.get(
        f"/v1/exports/{export(client, study, 's.xlsx')['id']}/download", headers={"Range": "bytes=5-9"}
    )
    assert answer.status_code == 416
    assert answer.headers["content-range"] == "bytes */5"
    assert answer.json()["type"] == "urn:crucible:problem:range-not-satisfiable"


def test_what_the_client_has_is_not_sent_again(study, client_as):
    client = client_as("viewer")
    url = f"/v1/exports/{export(client, study, 's.jsonl')['id']}/download"
    tag = client.get(url).headers["etag"]
    assert client.get(url, headers={"If-None-Match": tag}).status_code == 304


def test_an_empty_file_is_a_file(study, client_as):
    client = client_as("viewer")
    answer = client.get(f"/v1/exports/{export(client, study, 's-codebook.md')['id']}/download")
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_file_that_is_gone_is_said_to_be(study, client_as, installation, tenant):
    client = client_as("viewer")
    listed = export(client, study, "s.xlsx")
    installation.files.delete(f"{tenant}/{listed['sha256'][:2]}/{listed['sha256']}")
    answer = client.get(f"/v1/exports/{listed['id']}/download")
    assert answer.status_code == 404
    assert "ask for the export again" in answer.json()["detail"]


def test_asking_for_files_makes_one_task_however_often_it_is_sent(study, client_as, database, tenant):
    client = client_as("researcher")
    body = {"project_id": study.id, "formats": ["csv-wide", "xlsx"], "options": {"locations": True}}
    answers = [client.post("/v1/exports", json=body, headers={"Idempotency-Key": "k"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202] * 3
    assert len({answer.json()["task_id"] for answer in answers}) == 1
    with database.transaction(tenant) as session:
        (task,) = open_tasks(session)
    assert (task.kind, task.parameters["formats"]) == (TaskKind.EXPORT, ["csv-wide", "xlsx"])
    assert task.parameters["export_options"]["locations"] is True
    assert client_as("viewer").post("/v1/exports", json=body).status_code == 403
    assert client.post("/v1/exports", json={**body, "formats": ["pdf"]}).status_code == 422


def test_files_of_other_tenants_are_none(study, client_as, other):
    listed = export(client_as("viewer"), study, "s.xlsx")
    stranger = client_as("admin", tenant=other)
    assert stranger.get("/v1/exports", params={"project_id": study.id}).status_code == 404
    for path in ("", "/download"):
        assert stranger.get(f"/v1/exports/{listed['id']}{path}").status_code == 404
    assert stranger.post("/v1/exports", json={"project_id": study.id}).status_code == 404


def test_ranges_of_bytes():
    assert part_of("bytes=0-0", 10) == Part(0, 0, 10)
    assert part_of("bytes=-99", 10) == Part(0, 9, 10)
    assert part_of("bytes=3-99", 10) == Part(3, 9, 10)
    assert part_of("bytes=-", 10) is None
    assert part_of(None, 10) is None
    for beyond in ("bytes=10-", "bytes=-0"):
        with pytest.raises(UnsatisfiableRangeError):
            part_of(beyond, 10)


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a.csv", 'attachment; filename="a.csv"'),
        ("../../etc/passwd", "attachment; filename=\"passwd\"; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd"),
        (
            'x"\r\nSet-Cookie: a',
            "attachment; filename=\"x___Set-Cookie__a\"; filename*=UTF-8''x%22%0D%0ASet-Cookie%3A%20a",
        ),
    ],
)
def test_names_in_headers_are_harmless(name, header):
    assert disposition(name) == header
