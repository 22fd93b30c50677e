"""Uploads: each file has its own answer, told by its content, and one bad file does not lose the others."""

from __future__ import annotations

import io
import struct
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import UUID

import pytest
import sqlalchemy as sa

from crucible_assets.documents.intake import take_folder
from resources.database.repositories.blobs import lock_blobs
from resources.database.tables import audit_log, documents
from resources.vocabulary import DocumentOrigin
from sidecar.context.check import Checker
from tests.documents.make import archive, locked_pdf, pdf, raw_word, scanned_pdf, word
from tests.sidecar.context.conftest import make_project, send

LETTER = pdf([(72, 100, "The loan of 1,200 EUR was granted.", 12)])
NOTE = b"The applicant asked for a loan of 900 EUR on Monday, and it was refused on Tuesday.\n"


def outcomes(answer):
    return {item["name"]: item["outcome"] for item in answer.json()["files"]}


def test_files_become_documents_by_their_content(researcher):
    answer = send(researcher, ("letter.bin", LETTER), ("note.txt", NOTE), ("word.pdf", word()))
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert (body["new"], body["known"], body["refused"]) == (3, 0, 0)
    kinds = [item["media_type"].rpartition(".")[2].rpartition("/")[2] for item in body["files"]]
    assert kinds == ["pdf", "plain", "document"]
    assert {item["batch"] for item in body["files"]} == {1}
    shown = researcher.get(f"/v1/context/{body['files'][0]['document_id']}").json()
    assert (shown["status"], shown["origin"], shown["added_by"][:5]) == ("UPLOADED", "UPLOAD", "user:")


def test_one_bad_file_does_not_lose_the_others(researcher):
    answer = send(
        researcher,
        ("good.txt", NOTE),
        ("empty.txt", b""),
        ("locked.pdf", scanned_pdf()),
        ("picture.pdf", b"\x89PNG\r\n\x1a\n" + bytes(100)),
        ("tool.txt", b"MZ" + bytes(500)),
        ("broken.docx", word()[:200]),
    )
    assert answer.status_code == 201
    reasons = {item["name"]: item["reason"] for item in answer.json()["files"]}
    assert reasons == {
        "good.txt": None,
        "empty.txt": "EMPTY_DOCUMENT",
        "locked.pdf": None,  # that it holds pictures only shows when it is read
        "picture.pdf": "NO_TEXT_FOUND",
        "tool.txt": "UNSUPPORTED_FORMAT",
        "broken.docx": "DAMAGED_DOCUMENT",
    }
    assert all(item["message"] for item in answer.json()["files"] if item["reason"])


def test_nothing_new_is_said_with_200(researcher):
    assert send(researcher, ("a.txt", NOTE)).status_code == 201
    again = send(researcher, ("a.txt", NOTE), ("b.txt", NOTE), ("c.txt", b""))
    assert again.status_code == 200
    assert outcomes(again) == {"a.txt": "KNOWN", "b.txt": "KNOWN", "c.txt": "REFUSED"}
    document = researcher.get(f"/v1/context/{again.json()['files'][0]['document_id']}").json()
    assert document["other_names"] == ["b.txt"]


def test_other_bytes_under_a_known_name_are_a_new_version(researcher):
    first = send(researcher, ("a.txt", NOTE)).json()["files"][0]
    second = send(researcher, ("a.txt", NOTE + b"Appeal is possible within a month of the decision.")).json()[
        "files"
    ][0]
    assert (second["outcome"], second["version"]) == ("NEW_VERSION", 2)
    shown = researcher.get(f"/v1/context/{second['document_id']}").json()
    assert [(v["id"], v["current"]) for v in shown["versions"]] == [
        (first["document_id"], False),
        (second["document_id"], True),
    ]


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\x\\letter.txt", "letter.txt"),
        ("a\u202etxt.exe", "atxt.exe"),
        ("Cafe\u0301.txt", "Caf\u00e9.txt"),
        ("..", "unnamed"),
        ("x" * 400 + ".txt", "x" * 250 + "….txt"),
    ],
)
def test_names_are_data(researcher, sent, name):
    assert [item["name"] for item in send(researcher, (sent, NOTE)).json()["files"]] == [name]


def test_a_file_over_the_limit_is_refused_while_it_comes(researcher, installation, tenant):
    big = io.BytesIO(b"word " * (51 * 2**20 // 5))
    answer = researcher.post(
        "/v1/context/upload",
        data={"project_id": "study"},
        files=[("files", ("big.txt", big)), ("files", ("a.txt", NOTE))],
    )
    assert outcomes(answer) == {"big.txt": "REFUSED", "a.txt": "NEW"}
    assert answer.json()["files"][0]["reason"] == "TOO_LARGE"
    left = list((installation.settings.home / "files" / tenant / "incoming").iterdir())
    assert left == []


def bomb() -> bytes:
    return raw_word("<w:p/>", **{"word/media/x.bin": bytes(200 * 2**20)})


def test_a_decompression_bomb_is_refused(researcher):
    answer = send(researcher, ("bomb.docx", bomb()), ("a.txt", NOTE))
    assert outcomes(answer) == {"bomb.docx": "REFUSED", "a.txt": "NEW"}
    assert answer.json()["files"][0]["reason"] == "TOO_LARGE"


def hostile_zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("letters/a.txt", NOTE)
        made.writestr("letters/2021/b.txt", NOTE + b"Another decision came later in the same year.")
        made.writestr("../../evil.txt", NOTE + b"evil")
        made.writestr("/root.txt", NOTE + b"root")
        made.writestr("inner.zip", archive({"x.txt": NOTE}))
        made.writestr("__MACOSX/._a.txt", b"\x00\x05")
        made.writestr("tool.txt", b"MZ" + bytes(500))
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = 0o120777 << 16
        made.writestr(link, "/etc/passwd")
    return stream.getvalue()


def test_an_archive_is_taken_apart_under_limits(researcher):
    answer = send(researcher, ("all.zip", hostile_zip()))
    found = {item["name"]: item["reason"] or item["outcome"] for item in answer.json()["files"]}
    assert found == {
        "letters/a.txt": "NEW",
        "letters/2021/b.txt": "NEW",
        "../../evil.txt": "UNSAFE_ENTRY",
        "/root.txt": "UNSAFE_ENTRY",
        "inner.zip": "NESTED_ARCHIVE",
        "tool.txt": "UNSUPPORTED_FORMAT",
        "link.txt": "UNSAFE_ENTRY",
    }
    assert {item["archive"] for item in answer.json()["files"]} == {"all.zip"}


def test_an_archive_of_too_many_files_is_refused_whole(researcher):
    answer = send(researcher, ("many.zip", archive({f"{n}.txt": b"x" for n in range(1001)})))
    assert [(item["name"], item["reason"]) for item in answer.json()["files"]] == [("many.zip", "TOO_LARGE")]


def test_an_archive_that_is_a_bomb_is_refused_whole(researcher):
    answer = send(researcher, ("bomb.zip", archive({"x.txt": bytes(200 * 2**20)})))
    assert [(item["name"], item["reason"]) for item in answer.json()["files"]] == [("bomb.zip", "TOO_LARGE")]


def test_a_password_is_asked_of_nobody(researcher):
    stream = bytearray(archive({"a.txt": NOTE}))
    for mark, flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        stream[stream.index(mark) + flag] |= 1
    answer = send(researcher, ("locked.zip", bytes(stream)), ("locked.pdf", locked_pdf()))
    assert answer.json()["files"][0]["reason"] == "ENCRYPTED_DOCUMENT"


def test_the_same_bytes_at_the_same_time_are_one_document(researcher, database, tenant):
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda n: send(researcher, (f"{n}.txt", NOTE)), range(6)))
    assert sorted(a.status_code for a in answers) == [200] * 5 + [201]
    assert len({a.json()["files"][0]["document_id"] for a in answers}) == 1
    with database.transaction(tenant) as session:
        row = session.execute(sa.select(documents.c.name, documents.c.other_names)).one()
    assert {row.name, *row.other_names} == {f"{n}.txt" for n in range(6)}


def test_the_same_request_again_has_one_effect(researcher):
    first = send(researcher, ("a.txt", NOTE), **{"Idempotency-Key": "k1"})
    again = send(researcher, ("a.txt", NOTE), **{"Idempotency-Key": "k1"})
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["Idempotent-Replay"] == "true"
    other = send(researcher, ("a.txt", NOTE + b"!"), **{"Idempotency-Key": "k1"})
    assert other.status_code == 422


def test_batches_hold_a_hundred(researcher):
    files = [(f"{n}.txt", NOTE + str(n).encode()) for n in range(100)]
    assert {item["batch"] for item in send(researcher, *files).json()["files"]} == {1}
    assert send(researcher, ("more.txt", NOTE)).json()["files"][0]["batch"] == 2


def test_a_later_run_of_the_folder_keeps_uploads(researcher, database, installation, tenant, tmp_path):
    (tmp_path / "a.txt").write_bytes(NOTE)
    (tmp_path / "b.txt").write_bytes(NOTE + b"b")

    def run():
        return take_folder(database, installation.files, tenant, "study", str(tmp_path), DocumentOrigin.FOLDER)

    run()
    send(researcher, ("a.txt", NOTE + b"A better copy of it."), ("b.txt", NOTE + b"b"), ("own.txt", NOTE + b"own"))
    (tmp_path / "b.txt").unlink()
    run()
    listed = researcher.get("/v1/context", params={"project_id": "study", "current": True}).json()["items"]
    assert {(item["name"], item["version"]) for item in listed} == {("a.txt", 2), ("b.txt", 1), ("own.txt", 1)}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"x", {"Content-Type": "text/plain"}, 415),
        (b"x", {}, 415),
        (b"x", {"Content-Type": "multipart/form-data"}, 400),
        (b"x", {"Content-Type": "multipart/form-data; boundary=b"}, 400),
        (b"--b\r\nContent-Disposition: form-data; name=files; filename=a\r\n\r\nhalf", None, 400),
        (b"--b\r\nContent-Disposition: form-data; name=project_id\r\n\r\nstudy\r\n--b--\r\n", None, 422),
        (b"--b\r\nContent-Disposition: form-data; name=files; filename=a\r\n\r\nx\r\n--b--\r\n", None, 422),
        (b"--b\r\nContent-Disposition: form-data; name=else\r\n\r\nx\r\n--b--\r\n", None, 422),
        (
            b"--b\r\nContent-Disposition: form-data; name=project_id\r\n\r\n" + b"x" * 999 + b"\r\n--b--\r\n",
            None,
            422,
        ),
    ],
)
def test_a_body_that_is_no_upload_is_a_problem(researcher, body, headers, status):
    sent = {"Content-Type": "multipart/form-data; boundary=b"} if headers is None else headers
    answer = researcher.post("/v1/context/upload", content=body, headers=sent)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_unknown_project_keeps_nothing(researcher, installation, tenant):
    answer = send(researcher, ("a.txt", NOTE), project="nothing")
    assert answer.status_code == 404
    assert [path for path in (installation.settings.home / "files" / tenant).rglob("*") if path.is_file()] == []


def test_a_viewer_may_not_upload_and_is_told_before_the_body_is_read(client_as, project):
    assert send(client_as("viewer"), ("a.txt", NOTE)).status_code == 403


def test_another_tenant_s_project_is_not_there(client_as, project, database, other):
    make_project(database, other, "theirs")
    assert send(client_as("researcher"), ("a.txt", NOTE), project="theirs").status_code == 404


def test_an_upload_is_in_the_audit_log_without_names(researcher, database, tenant):
    document = send(researcher, ("secret name.txt", NOTE)).json()["files"][0]["document_id"]
    with database.transaction(tenant) as session:
        entry = session.execute(sa.select(audit_log).where(audit_log.c.action == "document.upload")).one()
    assert entry.object == "project:study"
    assert entry.payload == {"documents": [str(UUID(document))], "known": 0, "refused": 0}


def test_an_archive_that_lists_files_without_end_is_refused_before_they_are_read(researcher):
    entry = b"PK\x01\x02" + bytes(42)
    many = 1_000_000
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, many & 0xFFFF, many & 0xFFFF, many * len(entry), 30, 0)
    began = time.process_time()
    answer = send(researcher, ("endless.zip", b"PK\x03\x04" + bytes(26) + many * entry + end))
    assert [item["reason"] for item in answer.json()["files"]] == ["TOO_LARGE"]
    assert time.process_time() - began < 5  # listing them takes 15 seconds


def test_archives_of_an_upload_are_bounded_together(researcher, monkeypatch):
    monkeypatch.setattr("sidecar.context.upload.Checker", partial(Checker, _files_left=5))
    several = [(f"{n}.zip", archive({f"{n}-{m}.txt": b"Note %d %d." % (n, m) for m in range(3)})) for n in range(2)]
    answer = send(researcher, *several)
    assert [item["outcome"] for item in answer.json()["files"]] == ["NEW", "NEW", "NEW", "REFUSED"]
    assert "at most 2 files" in answer.json()["files"][-1]["message"]


@pytest.mark.parametrize("at", [slice(45, 60), slice(39, 40)])
def test_an_entry_that_another_unpacker_cannot_read_is_damaged(researcher, at):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_LZMA) as made:
        made.writestr("a.txt", NOTE * 50)
    broken = bytearray(stream.getvalue())
    broken[at] = bytes(0xFF ^ byte for byte in broken[at])
    answer = send(researcher, ("broken.zip", bytes(broken)), ("good.txt", NOTE))
    assert [item["reason"] for item in answer.json()["files"]] == ["DAMAGED_DOCUMENT", None]


def test_blobs_without_number_are_held_within_the_locks_of_the_server(database, tenant):
    keys = {f"{tenant}/{digest[:2]}/{digest}" for digest in (f"{n:064x}"[::-1] for n in range(20_000))}
    with database.transaction(tenant) as session:
        lock_blobs(session, keys)
        held = session.scalar(
            sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        )
    assert held == 256
