"""Intake, prompts, cells and tasks on the real database, stage by stage."""

import uuid
from dataclasses import replace

import pytest

from crucible_assets.documents.intake import SourceError, take_folder
from crucible_assets.prompts.asset import make_prompts
from resources.database.repositories.cells import load_cells, save_cells
from resources.database.repositories.documents import NewFile, list_documents, take_in
from resources.database.repositories.projects import load_project, save_project
from resources.database.repositories.prompts import active_prompts, all_versions
from resources.database.repositories.tasks import TaskActiveError, create_task, update_task
from resources.installation import Installation
from resources.project import project_from_data
from resources.vocabulary import DocumentOrigin, TaskKind, TaskStatus

FOLDER = DocumentOrigin.FOLDER


@pytest.fixture
def installation(database, settings):
    made = Installation(settings)
    yield made
    made.database.dispose()


@pytest.fixture
def project(database):
    made = project_from_data(
        {
            "name": f"study {uuid.uuid4().hex[:10]}",
            "documents": "x",
            "variables": [
                {"name": "price", "type": "NUMBER", "instructions": "The price."},
                {"name": "signed", "type": "DATE", "instructions": "The day."},
            ],
        }
    )
    for tenant in ("default", "other"):
        with database.transaction(tenant) as session:
            save_project(session, made)
    return made


def test_a_project_comes_back_as_it_was_saved(database, project):
    with database.transaction("default") as session:
        assert load_project(session, project.id) == project


def test_an_edited_variable_gives_a_new_version_and_an_undone_edit_the_old_one(database, project):
    edited = replace(project, variables=(project.variables[0], replace(project.variables[1], instructions="Other.")))
    with database.transaction("default") as session:
        assert {row.variable for row in make_prompts(session, project)} == {"price", "signed"}
        assert make_prompts(session, project) == []
        assert [row.version for row in make_prompts(session, edited)] == [2]
        assert {v: p.version for v, p in active_prompts(session, project.id).items()} == {"price": 1, "signed": 2}
        assert [row.version for row in make_prompts(session, project)] == [1]
        assert [row.version for row in all_versions(session, project.id, "signed")] == [1, 2]


def test_batches_hold_a_hundred_documents_and_the_same_bytes_are_one(database, project):
    files = [NewFile(f"{i}.txt", f"{project.id}{i}", 1, "b") for i in range(205)]
    with database.transaction("default") as session:
        taken = take_in(session, project.id, files, FOLDER)
        assert [t.batch for t in taken] == [1] * 100 + [2] * 100 + [3] * 5
        again = take_in(session, project.id, [replace(files[0], name="copy.txt"), files[7]], FOLDER)
        assert [t.created for t in again] == [False, False]
        assert [t.document_id for t in again] == [taken[0].document_id, taken[7].document_id]
        changed = take_in(session, project.id, [NewFile("3.txt", f"{project.id}new", 2, "c")], FOLDER)
        assert changed[0].created
        names = [row.name for row in list_documents(session, project.id)]
        assert names.count("3.txt") == 1
        assert len(names) == 205


def test_documents_of_the_inbox_stay_when_the_folder_is_mirrored(database, installation, project, tmp_path):
    folder, inbox = tmp_path / "folder", tmp_path / "inbox"
    for place, name in ((folder, "a.txt"), (folder, "b.txt"), (inbox, "c.txt")):
        place.mkdir(exist_ok=True)
        (place / name).write_text(f"{project.id} {name}")
    take_folder(database, installation.files, "default", project.id, str(inbox), DocumentOrigin.INBOX)
    take_folder(database, installation.files, "default", project.id, str(folder), FOLDER)
    (folder / "b.txt").unlink()
    intake = take_folder(database, installation.files, "default", project.id, str(folder), FOLDER)
    assert intake.left_out == 1
    with database.transaction("default") as session:
        assert [row.name for row in list_documents(session, project.id)] == ["a.txt", "c.txt"]


def test_renaming_swapping_and_restoring_files_never_loses_or_doubles_one(database, installation, project, tmp_path):
    def take(**files):
        for path in tmp_path.iterdir():
            path.unlink()
        for name, words in files.items():
            (tmp_path / f"{name}.txt").write_text(f"{project.id} {words}")
        take_folder(database, installation.files, "default", project.id, str(tmp_path), FOLDER)
        with database.transaction("default") as session:
            return [row.name for row in list_documents(session, project.id)]

    assert take(a="one", b="two") == ["a.txt", "b.txt"]
    assert take(a="new", b="two", old="one") == ["a.txt", "b.txt", "old.txt"]  # renamed, and its name given away
    assert take(a="two", b="new", old="one") == ["a.txt", "b.txt", "old.txt"]  # swapped
    assert take(a="two") == ["a.txt"]
    assert take(a="two", copy="two") == ["a.txt"]  # the same bytes twice
    assert take(a="one") == ["a.txt"]


def test_a_file_of_the_inbox_that_is_restored_replaces_its_successor(database, installation, project, tmp_path):
    for words in ("one", "two", "one"):
        (tmp_path / "a.txt").write_text(f"{project.id} {words}")
        take_folder(database, installation.files, "default", project.id, str(tmp_path), DocumentOrigin.INBOX)
    with database.transaction("default") as session:
        assert [row.name for row in list_documents(session, project.id)] == ["a.txt"]


def test_an_empty_folder_is_refused_with_its_name(database, installation, project, tmp_path):
    with pytest.raises(SourceError, match=tmp_path.name):
        take_folder(database, installation.files, "default", project.id, str(tmp_path), FOLDER)


def test_a_changed_cell_leaves_its_former_self_in_the_history(database, project):
    import sqlalchemy as sa

    from resources.database.tables import cell_history

    with database.transaction("default") as session:
        document = take_in(session, project.id, [NewFile("a", project.id, 1, "b")], FOLDER)[0].document_id
        row = {
            "document_id": document, "row_key": "", "variable": "price", "state": "VALUE", "value": 1, "raw": "1",
            "confidence": 0.5, "evidence": [], "reasons": [], "prompt_version": 1, "model": "m", "call_keys": [],
            "fingerprint": "f", "task_id": None,
        }  # fmt: skip
        save_cells(session, project.id, [row])
        save_cells(session, project.id, [row])
        save_cells(session, project.id, [{**row, "value": None, "state": "ABSENT"}])
        history = session.execute(sa.select(cell_history).where(cell_history.c.document_id == document)).all()
        assert [(h.state, h.value) for h in history] == [("VALUE", 1)]
        assert [(c.state, c.value) for c in load_cells(session, project.id)] == [("ABSENT", None)]


def test_one_active_extraction_task_per_project_and_tenant(database, project):
    for tenant in ("default", "other"):
        with database.transaction(tenant) as session:
            first = create_task(session, project.id, TaskKind.SAMPLE, {}, [])
            with pytest.raises(TaskActiveError) as refused:
                create_task(session, project.id, TaskKind.FULL, {}, [])
            assert refused.value.task_id == first
            create_task(session, project.id, TaskKind.EXPORT, {}, [])
            update_task(session, first, status=TaskStatus.CANCELLED)
            second = create_task(session, project.id, TaskKind.FULL, {}, [])
            update_task(session, second, status=TaskStatus.CANCELLED)
