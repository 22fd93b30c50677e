"""The inbox: nothing is lost, nothing is started twice, one tenant does not hold up another."""

import json

from crucible_assets.documents.parsed import PARSER_VERSION
from crucible_assets.partitions import RANGE_END, RANGE_START
from resources.database.repositories.documents import NewFile, list_documents, save_failed, set_fields, take_in
from resources.database.repositories.projects import ensure_tenant
from resources.database.repositories.tasks import (
    create_task,
    update_task,
)
from resources.vocabulary import DocumentOrigin, DocumentStatus, TaskKind, TaskStatus
from sensors.inbox import inbox_sensor
from tests.sensors.ticking import STARTED, make_project, put, set_ready, start, tick


def test_files_in_the_inbox_start_ingest_once_and_again_for_new_ones(
    database, installation, tenant, project, instance
):
    put(installation, tenant, project, "new.txt")
    (first,), cursor = tick(inbox_sensor, instance, installation, tenants=[tenant])
    assert first.tags["crucible/project"] == project.id
    assert first.tags[RANGE_START] == first.tags[RANGE_END] == f"{tenant}/{project.id}/0001"
    (same,), cursor = tick(inbox_sensor, instance, installation, cursor, [tenant])
    assert same.run_key == first.run_key  # Dagster starts one run per key
    run = start(instance, first, STARTED)
    put(installation, tenant, project, "more.txt")
    requests, cursor = tick(inbox_sensor, instance, installation, cursor, [tenant])
    assert requests == []  # the batch is being read
    instance.report_run_failed(run)
    (second,), cursor = tick(inbox_sensor, instance, installation, cursor, [tenant])
    assert second.run_key != first.run_key
    set_ready(database, tenant, project)
    assert tick(inbox_sensor, instance, installation, cursor, [tenant])[0] == []
    with database.transaction(tenant) as session:
        assert [row.name for row in list_documents(session, project.id)] == ["more.txt", "new.txt"]


def test_a_tick_that_died_after_the_intake_loses_nothing(database, installation, tenant, project, instance):
    put(installation, tenant, project, "new.txt")
    _, cursor = tick(inbox_sensor, instance, installation)  # its requests never arrive
    assert len(tick(inbox_sensor, instance, installation, cursor, [tenant])[0]) == 1
    assert len(tick(inbox_sensor, instance, installation, None, [tenant])[0]) == 1


def test_an_error_of_one_tenant_does_not_lose_the_runs_of_another(
    database, installation, tenant, project, instance, monkeypatch
):
    from sensors import inbox

    bad = f"{tenant}b"
    with database.transaction(bad) as session:
        ensure_tenant(session)
    broken = make_project(database, bad)
    put(installation, tenant, project, "new.txt")
    put(installation, bad, broken, "new.txt")
    take_folder = inbox.take_folder

    def fails(database, files, tenant, *rest):
        if tenant == bad:
            raise OSError("the disk is full")
        return take_folder(database, files, tenant, *rest)

    monkeypatch.setattr(inbox, "take_folder", fails)
    requests, cursor = tick(inbox_sensor, instance, installation, tenants=[tenant, bad])
    assert [r.tags["crucible/tenant"] for r in requests] == [tenant]
    monkeypatch.setattr(inbox, "take_folder", take_folder)
    requests, _ = tick(inbox_sensor, instance, installation, cursor, [bad])
    assert [r.tags["crucible/project"] for r in requests] == [broken.id]


def test_only_batches_with_unread_documents_are_asked_for(database, installation, tenant, project, instance):
    files = [NewFile(f"{i}.txt", f"{project.id}{i}", 1, "b") for i in range(350)]
    with database.transaction(tenant) as session:
        take_in(session, project.id, files, DocumentOrigin.INBOX)
    set_ready(database, tenant, project)
    with database.transaction(tenant) as session:
        rows = {row.batch: row for row in list_documents(session, project.id)}
        save_failed(session, rows[1].id, "CORRUPT", "cannot be read", PARSER_VERSION)
        set_fields(session, rows[4].id, parser_version="older")
    (late,), _ = tick(inbox_sensor, instance, installation, tenants=[tenant])
    assert (late.tags[RANGE_START], late.tags[RANGE_END]) == (f"{tenant}/{project.id}/0004",) * 2
    with database.transaction(tenant) as session:
        set_fields(session, rows[2].id, chunks_version="older")
        set_fields(session, rows[3].id, status=DocumentStatus.PARSED.value)
        set_fields(session, rows[4].id, parser_version=PARSER_VERSION)
    (both,), _ = tick(inbox_sensor, instance, installation, tenants=[tenant])
    assert [both.tags[name][-4:] for name in (RANGE_START, RANGE_END)] == ["0002", "0003"]


def test_the_inbox_waits_for_a_task_of_its_project(database, installation, tenant, project, instance):
    put(installation, tenant, project, "new.txt")
    with database.transaction(tenant) as session:
        task = create_task(session, project.id, TaskKind.INGEST, {}, [])
    requests, cursor = tick(inbox_sensor, instance, installation, tenants=[tenant])
    assert requests == []
    with database.transaction(tenant) as session:
        update_task(session, task, status=TaskStatus.COMPLETED)
    assert len(tick(inbox_sensor, instance, installation, cursor, [tenant])[0]) == 1


def test_a_tick_takes_in_what_its_time_allows_and_the_next_one_the_rest(
    database, installation, tenant, project, instance, monkeypatch
):
    monkeypatch.setattr("sensors.inbox._INTAKE_SECONDS", -1.0)
    studies = [project, make_project(database, tenant)]
    for study in studies:
        put(installation, tenant, study, "new.txt")
    cursor = json.dumps({"seen": {}, "after": f"{tenant}/"})
    counts = []
    for _ in range(2):
        requests, cursor = tick(inbox_sensor, instance, installation, cursor, [tenant])
        counts.append(len(requests))
    assert counts == [1, 2]
