"""Health, metrics, diagnostics."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import generate_latest

from resources.database.repositories.operations import DatabaseSilentError
from resources.diagnosis import Diagnosis, diagnose
from resources.installation import Installation
from sidecar.observe.meters import Meters
from sidecar.operations.readiness import Readiness
from sidecar.operations.schemas import (
    BreakerAnswer,
    CheckAnswer,
    DatabaseAnswer,
    DiagnosticsAnswer,
    IndexAnswer,
    Liveness,
    QueueAnswer,
    ReadinessAnswer,
    ReadinessStatus,
    StorageAnswer,
    StuckTaskAnswer,
)
from sidecar.problems import Unavailable
from sidecar.security.operator import OPERATOR
from sidecar.transactions import AdminReadSession

router = APIRouter(tags=["operations"])
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def _readiness(request: Request) -> Readiness:
    found: Readiness = request.app.state.readiness
    return found


def _meters(request: Request) -> Meters:
    found: Meters = request.app.state.meters
    return found


def _installation(request: Request) -> Installation:
    found: Installation = request.app.state.installation
    return found


@router.get("/health/live")
async def live() -> Liveness:
    """Say that the process serves requests; nothing else is looked at."""
    return Liveness()


@router.get(
    "/health/ready",
    response_model=ReadinessAnswer,
    responses={503: {"model": ReadinessAnswer, "description": "Not ready: a check says why"}},
)
def ready(readiness: Annotated[Readiness, Depends(_readiness)]) -> JSONResponse:
    """Say whether requests can be served: the database, its tables, the blob store."""
    checks = [CheckAnswer.model_validate(check) for check in readiness.checks()]
    fine = all(check.ok for check in checks)
    status = ReadinessStatus.READY if fine else ReadinessStatus.NOT_READY
    answer = ReadinessAnswer(status=status, checks=checks)
    return JSONResponse(answer.model_dump(mode="json"), 200 if fine else 503)


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    dependencies=[OPERATOR],
    responses={200: {"description": "Prometheus' text format", "content": {"text/plain": {"example": "crucible_…"}}}},
)
def metrics(meters: Annotated[Meters, Depends(_meters)]) -> PlainTextResponse:
    """Numbers of the installation for Prometheus, by the operator's token; no ids and no tenants."""
    return PlainTextResponse(generate_latest(meters.registry), media_type=METRICS_TYPE)


@router.get("/v1/admin/diagnostics")
def diagnostics(
    session: AdminReadSession,
    installation: Annotated[Installation, Depends(_installation)],
    meters: Annotated[Meters, Depends(_meters)],
) -> DiagnosticsAnswer:
    """What waits, what is stuck and why, what failed, whether the index is whole, and what lies where."""
    try:
        found = diagnose(session, installation.database, installation.settings.embedding)
    except DatabaseSilentError as error:
        raise Unavailable("The database does not answer; try again.") from error
    return _answer(found, meters.pool())


def _answer(found: Diagnosis, pool: dict[str, int]) -> DiagnosticsAnswer:
    stuck = [
        StuckTaskAnswer(
            id=each.task.id,
            project_id=each.task.project_id,
            kind=each.task.kind,
            status=each.task.status,
            quiet_seconds=each.task.quiet_seconds,
            asked_at=each.task.asked_at,
            why=each.why,
        )
        for each in found.stuck
    ]
    return DiagnosticsAnswer(
        queue=QueueAnswer(oldest_pending_seconds=found.queue_seconds, open_tasks=found.open_tasks, stuck=stuck),
        failed_documents=dict(found.failed_documents),
        index=IndexAnswer.model_validate(found.index),
        breakers=[BreakerAnswer.model_validate(breaker) for breaker in found.breakers],
        storage=StorageAnswer.model_validate(found.storage),
        database=DatabaseAnswer(
            version=found.database.version,
            revision=found.database.revision,
            wanted_revision=found.wanted_revision,
            connections_in_use=pool["in_use"],
            connections_idle=pool["idle"],
            connections_most=pool["most"],
        ),
    )
