"""Asking for calibration: the run that `crucible feedback` makes, as a task."""

from uuid import UUID

from jobs.wish import Wish
from resources.database.engine import TenantSession
from resources.database.repositories.audit import audit
from resources.database.repositories.labels import any_labels
from resources.database.repositories.projects import tenant_of
from resources.database.repositories.tasks import TaskActiveError, create_task
from resources.vocabulary import TaskKind
from sidecar.problems import Conflict
from sidecar.results.listing import known_unit


def ask_for_calibration(session: TenantSession, project_id: str, author: str) -> UUID:
    """A task with the one step `calibrate`; it is of the kind REFINE, and asks no model.

    Raises NotFound for a project that is not there, and Conflict while an extraction runs or without any label.
    """
    known_unit(session, project_id)
    if not any_labels(session, project_id):
        raise Conflict(f"Nothing of project `{project_id}` is labelled: give verdicts first.")
    step = {"job": "calibrate", "first": f"{tenant_of(session)}/{project_id}", "last": None}
    try:
        task_id = create_task(session, project_id, TaskKind.REFINE, Wish().as_json(), [step], author)
    except TaskActiveError as error:
        raise Conflict(str(error), task_id=str(error.task_id)) from error
    audit(session, "calibration.asked", f"project:{project_id}", task=str(task_id))
    return task_id
