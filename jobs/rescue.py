"""Runs that were to be started and never will be: Dagster's monitor only waits for them, and waits long.

A run that is being started is held by a code server, named in a tag of the run. When that server is gone, or knows
nothing of the run, nobody is left who would start it. (Runs that have started are looked after by `jobs/launcher.py`;
one that is queued waits for its turn, however long.)
"""

import json
import time

import dagster as dg
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._grpc.client import DagsterGrpcClient
from dagster._grpc.types import GetCurrentRunsResult
from dagster._serdes import deserialize_value

_GRPC_INFO = ".dagster/grpc_info"
_PATIENCE_SECONDS = 30.0
"""Nobody is asked before: between its being taken from the queue and its being held, it is nobody's for a moment."""
_STARTING = (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.NOT_STARTED)


def end_if_lost(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """End a run whose start was lost, so that it is tried again or its task says so; whether that was done."""
    if run.status not in _STARTING:
        return False
    record = instance.get_run_record_by_id(run.run_id)
    if record is None or time.time() - record.update_timestamp.timestamp() < _PATIENCE_SECONDS:
        return False
    if _is_held(run):
        return False
    now = instance.get_run_by_id(run.run_id)
    if now is None or now.status not in _STARTING:
        return False  # it has started meanwhile
    instance.report_run_failed(now, "Its start was lost: the code server that was to start it is gone.")
    return True


def _is_held(run: dg.DagsterRun) -> bool:
    """Whether the code server that was asked to start a run still has it."""
    if _GRPC_INFO not in run.tags:
        return False
    named = json.loads(run.tags[_GRPC_INFO])
    client = DagsterGrpcClient(
        port=named.get("port"),
        socket=named.get("socket"),
        host=named.get("host"),
        use_ssl=named.get("use_ssl", False),
    )
    try:
        held = deserialize_value(client.get_current_runs(), GetCurrentRunsResult)
    except DagsterUserCodeUnreachableError:
        return False
    return run.run_id in held.current_runs
