"""Dagster's default launcher, which cannot tell whether a run's process is still there, taught to tell it.

With it Dagster's own monitor ends runs whose process was killed or stands still, also when the code server that
started the process is gone and nobody is left to miss it. `dagster.yaml` names this class.
"""

import os
import signal
from collections.abc import Mapping
from typing import Any

import dagster as dg
import psutil
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus
from dagster._serdes import ConfigurableClassData

from jobs.vanished import PROCESS_TAG, Process
from jobs.workers import Worker, worker_of


class CrucibleRunLauncher(DefaultRunLauncher):
    """Runs are processes of this machine, and looked after."""

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]
    ) -> "CrucibleRunLauncher":
        """Nothing to configure."""
        return cls(inst_data=inst_data)

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Yes."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether the process of a run still works on it. One that stands still is ended, so that it never goes on
        beside its successor."""
        if PROCESS_TAG in run.tags:  # a command executes it in its own process
            alive = Process.parse(run.tags[PROCESS_TAG]).alive()
            return _healthy() if alive else _failed("the command that executed it is gone")
        worker, process = worker_of(self._instance, run)
        match worker:
            case Worker.GONE:
                return _failed("its process is gone: it was killed, or the machine was restarted")
            case Worker.STOPPED:
                assert process is not None
                _end(process)
                return _failed(f"its process {process.pid} stood still, and was ended")
            case _:
                return _healthy()


def _healthy() -> CheckRunHealthResult:
    return CheckRunHealthResult(WorkerStatus.RUNNING)


def _failed(message: str) -> CheckRunHealthResult:
    return CheckRunHealthResult(WorkerStatus.FAILED, message)


def _end(process: psutil.Process) -> None:
    """Kill a process and what it started."""
    try:
        family = [*process.children(recursive=True), process]
    except psutil.NoSuchProcess:
        return
    for member in family:
        try:
            os.kill(member.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
