"""What the learning stage reads from the database, as the values that its pure functions take."""

from crucible_assets.learning.calibration import Curve, Curves
from resources.database.engine import TenantSession
from resources.database.repositories.calibrations import load_calibrations


def load_curves(session: TenantSession, project_id: str) -> Curves:
    """The calibration curves of a project; where there is none, confidences stay as they are."""
    return Curves(
        {
            (row.model, row.variable, row.claim): Curve(tuple(row.curve), row.method, row.labels)
            for row in load_calibrations(session, project_id)
        }
    )
