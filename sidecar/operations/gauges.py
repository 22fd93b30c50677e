"""The state of the whole installation for Prometheus, gathered by a few short queries and kept for 5 s."""

import threading
import time
from collections.abc import Iterable
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from resources.database.repositories.operations import BreakerState, Work, breaker_states, work_of_all
from resources.installation import Installation
from resources.observe.logs import get_logger
from resources.vocabulary import TaskStatus

KEPT_SECONDS = 5.0
_log = get_logger("metrics")


class InstallationGauges(Collector):
    """What the database tells. While it does not answer, `crucible_database_up` is 0 and the rest is left out."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._lock = threading.Lock()
        self._kept: list[Metric] = []
        self._until = 0.0

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask the database."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """The gauges, at most 5 s old."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._kept = list(self._gather())
                self._until = time.monotonic() + KEPT_SECONDS
            return self._kept

    def _gather(self) -> Iterable[Metric]:
        began = time.perf_counter()
        try:
            database = self._installation.database
            found = [*_of_work(work_of_all(database)), _of_breakers(breaker_states(database))]
        except Exception as error:  # a scrape tells what it can, above all that the database is away
            _log.error("metrics_incomplete", error=f"{type(error).__name__}: {error}")
            found = []
        yield _gauge("crucible_database_up", "Whether the database answered", float(bool(found)))
        yield _gauge("crucible_metrics_query_seconds", "What these queries took", time.perf_counter() - began)
        yield from found
        anchored = _anchored(self._installation.settings.home / "audit")
        if anchored is not None:
            yield _gauge("crucible_audit_anchor_age_seconds", "Since an audit log was last anchored", anchored)


def _anchored(folder: Path) -> float | None:
    """Seconds since the newest anchor of any tenant was written; None before the first."""
    written = [file.stat().st_mtime for file in folder.glob("*.jsonl")] if folder.is_dir() else []
    return max(0.0, time.time() - max(written)) if written else None


def _of_work(work: list[Work]) -> Iterable[Metric]:
    by_status = {each.status: each for each in work}
    tasks = GaugeMetricFamily("crucible_tasks", "Tasks by status", labels=["status"])
    for status in TaskStatus:
        tasks.add_metric([status.value], by_status[status].tasks if status in by_status else 0)
    yield tasks
    pending = by_status.get(TaskStatus.PENDING)
    age = pending.oldest_seconds if pending else 0.0
    yield _gauge("crucible_queue_age_seconds", "How long the oldest pending task has waited", age)
    stuck = GaugeMetricFamily("crucible_tasks_stuck", "Tasks that should have moved by now", labels=["status"])
    for status in (TaskStatus.PENDING, TaskStatus.RUNNING):
        stuck.add_metric([status.value], by_status[status].stuck if status in by_status else 0)
    yield stuck


def _of_breakers(states: list[BreakerState]) -> Metric:
    """Of several accounts with one model the worst state counts: a label names no account."""
    order = ("closed", "half-open", "open")
    worst: dict[str, str] = {}
    for state in states:
        worst[state.model] = max(worst.get(state.model, "closed"), state.phase, key=order.index)
    family = GaugeMetricFamily(
        "crucible_breaker_state", "Breaker of a model: 1 for the state it is in", labels=["model", "state"]
    )
    for model, phase in worst.items():
        for state_name in order:
            family.add_metric([model, state_name], float(phase == state_name))
    return family


def _gauge(name: str, said: str, value: float) -> Metric:
    return GaugeMetricFamily(name, said, value)
