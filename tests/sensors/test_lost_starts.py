"""A run that is being started by nobody is ended; one that runs, or was only just asked for, is not."""

import json
import tempfile
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from jobs.rescue import end_if_lost


@pytest.fixture
def no_patience(monkeypatch):
    monkeypatch.setattr("jobs.rescue._PATIENCE_SECONDS", -1.0)


def starting(instance, status=dg.DagsterRunStatus.STARTING, **tags):
    return create_run_for_test(instance, job_name="ingest", tags=tags, status=status)


def held_by(folder: str) -> dict[str, str]:
    socket = str(Path(folder) / "gone.sock")
    return {".dagster/grpc_info": json.dumps({"host": "localhost", "socket": socket})}


def test_a_start_whose_code_server_is_gone_is_lost(instance, no_patience):
    with tempfile.TemporaryDirectory() as folder:
        run = starting(instance, **held_by(folder))
        assert end_if_lost(instance, run)
    assert instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.FAILURE


def test_a_start_that_no_code_server_was_asked_for_is_lost(instance, no_patience):
    assert end_if_lost(instance, starting(instance))


def test_a_run_has_time_to_start(instance):
    assert not end_if_lost(instance, starting(instance))


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING])
def test_runs_that_have_started_are_left_alone(instance, no_patience, status):
    assert not end_if_lost(instance, starting(instance).with_status(status))
