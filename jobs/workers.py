"""The process that executes a run: whether it still does, as far as can be seen from this machine."""

from enum import StrEnum

import dagster as dg
import psutil

_PID = "pid"
_SLACK_SECONDS = 1.0  # between the clocks of processes and of events


class Worker(StrEnum):
    """How the process of a run is."""

    ALIVE = "alive"
    STOPPED = "stopped"  # it exists, and is kept from running
    GONE = "gone"
    UNKNOWN = "unknown"  # the run has not said which process it is


def worker_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> tuple[Worker, psutil.Process | None]:
    """How the process of a run is, and the process while there is one.

    A run writes down its process as its first deed. A process that began after that has only got its number. Runs of
    the default launcher are processes of the machine that launched them.
    """
    started = [
        entry
        for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
        if entry.dagster_event is not None and _PID in entry.dagster_event.engine_event_data.metadata
    ]
    if not started:
        return Worker.UNKNOWN, None
    said = started[-1]
    assert said.dagster_event is not None
    number = said.dagster_event.engine_event_data.metadata[_PID].value
    try:
        process = psutil.Process(int(str(number)))
        if process.create_time() > said.timestamp + _SLACK_SECONDS:
            return Worker.GONE, None
        status = process.status()
    except psutil.NoSuchProcess:
        return Worker.GONE, None
    if status in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
        return Worker.GONE, None
    stopped = status in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP)
    return (Worker.STOPPED if stopped else Worker.ALIVE), process
