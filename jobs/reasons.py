"""Why a Dagster run ended, in words for the person who asked for its task."""

import re

import dagster as dg

_TOLD = ("Failure", "RunStoppedError", "DagsterAssetCheckFailedError")
"""Errors whose message is written for people; of any other only the kind is told, the rest is in Dagster's UI."""
_PROCESS = "Run execution process for"
"""How the code server tells, after its own name, that the process of a run has died; the failure says less."""
_MOST = 2000  # characters


def why_it_ended(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """The reason of a run that failed or was cancelled, and the run's id, under which Dagster shows the rest."""
    return f"{_reason(instance, run)[:_MOST]} (run {run.run_id})"


def _reason(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    if run.status is dg.DagsterRunStatus.CANCELED:
        return "its run was cancelled in Dagster"
    kinds = {
        dg.DagsterEventType.STEP_FAILURE,
        dg.DagsterEventType.RUN_FAILURE,
        dg.DagsterEventType.ENGINE_EVENT,
    }
    events = [entry.dagster_event for entry in instance.all_logs(run.run_id, of_type=kinds) if entry.dagster_event]
    for event in events:
        if event.event_type is dg.DagsterEventType.STEP_FAILURE and event.step_failure_data.error is not None:
            return _of_step(event)
    said = [(event.message or "").strip() for event in events]
    if ended := next((words for words in reversed(said) if _PROCESS in words), None):
        return "its process" + ended.partition(f"{_PROCESS} {run.run_id}")[2]
    failures = [event.message for event in events if event.event_type is dg.DagsterEventType.RUN_FAILURE]
    return (failures[-1] if failures else None) or "its run ended without a word"


def _of_step(event: dg.DagsterEvent) -> str:
    error = event.step_failure_data.error
    assert error is not None
    if error.cause is not None and error.cls_name != "Failure":
        error = error.cause  # Dagster's own wrapping round what was raised
    name = error.cls_name or "an error"
    if name in _TOLD:
        return re.sub(r"^[\w.]+: ", "", error.message.strip())
    return f"{name} in {event.step_key}"
