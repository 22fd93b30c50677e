"""`crucible run` from a folder to files, against the model server: pay once, lose nothing, say what is wrong.

Every study is a tenant of its own on one server; tests/cli runs on embedded servers.
"""

from __future__ import annotations

import csv
import shutil
import subprocess

import pytest
import sqlalchemy as sa

from resources.database.tables import documents
from tests.pipeline.study import VARIABLES, Study, kill, wait_until

pytestmark = pytest.mark.timeout(300)


def wide(study: Study) -> list[dict[str, str]]:
    with (study.out / "contracts-wide.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_folder_becomes_a_dataset_and_the_second_run_is_free(study, server):
    code, said = study.run_cold("run", str(study.project), "--out", str(study.out))
    assert code == 0, said
    assert "VALUE 18 = 18 (they add up)" in said
    rows = wide(study)
    assert [row["supplier"] for row in rows] == [f"Mill {i} Ltd" for i in range(6)]
    assert [float(row["price"]) for row in rows] == [1000.0 + i for i in range(6)]
    assert [row["signed"] for row in rows] == [f"2024-03-{i + 1:02d}" for i in range(6)]
    assert all(row["_evidence_supplier"] for row in rows)
    assert server.stats().calls == 18

    first = {p.name: p.read_bytes() for p in study.out.iterdir()}
    code, said = study.extract()
    assert code == 0, said
    assert "New calls in this run: 0," in said
    assert server.stats().calls == 18
    assert {p.name: p.read_bytes() for p in study.out.iterdir()} == first

    edited = [*VARIABLES[:2], {**VARIABLES[2], "instructions": "The day on which both had signed."}]
    study.write_project(edited)
    code, said = study.extract("--format", "csv-wide")
    assert code == 0, said
    assert server.stats().calls == 24  # the edited variable of each document, nothing else

    fresh = study.folder / "fresh"  # no value changed, so the file is the same: it is delivered all the same
    code, said = study.run("run", str(study.project), "--out", str(fresh))
    assert code == 0, said
    assert (fresh / "contracts-wide.csv").read_bytes() == first["contracts-wide.csv"]


def test_files_that_cannot_be_read_fail_alone_and_are_listed(study, server):
    documents = study.folder / "documents"
    (documents / "empty.pdf").write_bytes(b"")
    (documents / "torn.docx").write_bytes(b"PK\x03\x04 torn")
    code, said = study.extract()
    assert code == 1, said
    assert "VALUE 18 + FAILED 6 = 24 (they add up)" in said
    assert "empty.pdf" in said
    assert "torn.docx" in said
    assert {row["_document"]: row["_state_price"] for row in wide(study)}["empty.pdf"] == "FAILED"


def test_the_same_bytes_are_one_document_and_a_vanished_file_leaves_the_dataset(study, server):
    documents = study.folder / "documents"
    shutil.copy(documents / "contract-000.txt", documents / "copy-of-000.txt")
    code, said = study.extract()
    assert code == 0, said
    assert len(wide(study)) == 6
    (documents / "contract-005.txt").unlink()
    code, said = study.extract()
    assert code == 0, said
    assert "1 documents are no longer in the folder" in said
    assert len(wide(study)) == 5
    assert server.stats().calls == 18


def test_killed_in_the_middle_of_extraction_only_what_was_missing_is_paid(study, server):
    study.write_documents(20)
    server.configure(latency_s=0.15)
    process = study.start("run", str(study.project), "--out", str(study.out))
    wait_until(lambda: server.stats().useful >= 20)
    kill(process)
    before = server.stats()
    assert before.useful < 60
    server.configure(latency_s=0)
    code, said = study.extract()
    assert code == 0, said
    assert "was interrupted before" in said
    assert "VALUE 60 = 60 (they add up)" in said
    after = server.stats()
    assert after.questions_again <= 4  # what was in flight when the plug was pulled, never more
    assert after.useful - after.questions_again == 60
    assert len(wide(study)) == 20


@pytest.mark.parametrize("stage", ["documents", "chunks", "embeddings"])
def test_killed_in_the_middle_of_reading_the_next_run_finishes(study, server, database, stage):
    study.write_documents(30)
    process = study.start("run", str(study.project), "--out", str(study.out))
    column = {"documents": "parser_version", "chunks": "chunks_version", "embeddings": "embeddings_version"}[stage]

    def done() -> int:
        with database.transaction(study.env["CRUCIBLE_TENANT"]) as session:
            return session.scalar(sa.select(sa.func.count()).where(documents.c[column].is_not(None)))

    wait_until(lambda: done() >= 3)
    kill(process)
    code, said = study.extract()
    assert code == 0, said
    assert "VALUE 90 = 90 (they add up)" in said
    assert server.stats().calls - server.stats().questions_again == 90


def test_interrupted_by_the_person_it_says_so_and_can_go_on(study, server):
    study.write_documents(20)
    server.configure(latency_s=0.2)
    process = study.start("run", str(study.project), "--out", str(study.out))
    wait_until(lambda: server.stats().useful >= 4)
    process.send_signal(subprocess.signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    server.configure(latency_s=0)
    code, said = study.extract()
    assert code == 0, said
    assert server.stats().questions_again <= 4


def test_a_sample_extracts_a_few_and_the_full_run_pays_only_the_rest(study, server):
    code, said = study.extract("--sample", "2")
    assert code == 0, said
    assert server.stats().calls == 6
    assert len(wide(study)) == 2
    code, said = study.extract()
    assert code == 0, said
    assert server.stats().calls == 18
    code, said = study.run("status")
    assert code == 0
    assert "cells: 18 of 18" in said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"variables": [{"name": "x", "type": "DAT", "instructions": "y"}]}, "variable x, type"),
        ({"documents": "nowhere/"}, "nowhere"),
        ({"colour": "red"}, "colour: this key is not known"),
    ],
)
def test_bad_input_ends_with_2_and_says_what_to_mend(study, change, words):
    study.write_project(**change)
    code, said = study.extract()
    assert code == 2, said
    assert words in said


def test_a_key_that_is_not_accepted_stops_the_run_with_advice(study, server):
    server.configure(api_keys=["right"])
    study.env["OPENAI_API_KEY"] = "wrong"
    code, said = study.extract()
    assert code == 2, said
    assert "401" in said
    assert "key" in said
    server.configure(api_keys=[])
    code, said = study.extract()
    assert code == 0, said


def test_a_key_that_is_lost_in_the_middle_keeps_what_was_paid(study, server):
    study.write_documents(20)
    study.env["OPENAI_API_KEY"] = "right"
    server.configure(api_keys=["right"], latency_s=0.1)
    process = study.start("run", str(study.project), "--out", str(study.out))
    wait_until(lambda: server.stats().useful >= 10)
    server.configure(api_keys=["another"])
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2, output
    assert "key" in output
    assert server.stats().useful < 60
    server.configure(api_keys=["right"], latency_s=0)
    code, said = study.extract()
    assert code == 0, said
    assert server.stats().questions_again == 0
    assert server.stats().useful == 60


def test_a_second_command_does_not_touch_a_study_in_progress(study, server):
    study.write_documents(20)
    server.configure(latency_s=0.3)
    process = study.start("run", str(study.project), "--out", str(study.out))
    wait_until(lambda: server.stats().useful >= 2)
    study.write_project([VARIABLES[0]])
    code, said = study.extract()
    assert code == 2, said
    assert "still running" in said
    server.configure(latency_s=0)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert "VALUE 60 = 60 (they add up)" in output


def test_a_sample_after_a_variable_was_added_shows_the_sample(study, server):
    code, said = study.extract()
    assert code == 0, said
    study.write_project([*VARIABLES, {"name": "parties", "type": "NUMBER", "instructions": "How many parties."}])
    code, said = study.extract("--sample", "2")
    assert code == 0, said
    assert len(wide(study)) == 2


@pytest.mark.parametrize("fault", ["invalid_json", "truncated"])
def test_answers_that_cannot_be_used_fail_with_the_reason_and_heal_in_a_later_run(study, server, fault):
    server.configure(faults={"probabilities": {fault: 1.0}})
    code, said = study.extract()
    assert code == 1, said
    assert "FAILED 18 = 18 (they add up)" in said
    server.configure(faults={"probabilities": {}})
    code, said = study.extract()
    assert code == 0, said
    assert "VALUE 18 = 18 (they add up)" in said
    assert server.stats().useful_again == 0
