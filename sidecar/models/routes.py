"""Which models can be asked."""

import os

from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRouter

from resources.database.repositories.lane_lists import newest_lanes, settings_of_projects
from resources.installation import Installation
from sidecar.models.schemas import Available
from sidecar.models.survey import named_by_projects, survey
from sidecar.results.etags import NOT_MODIFIED, IfNoneMatch, tagged
from sidecar.transactions import ReadSession

router = APIRouter(prefix="/v1/models", tags=["models"])


@router.get("/available", response_model=Available, responses=NOT_MODIFIED)
def list_models(request: Request, session: ReadSession, if_none_match: IfNoneMatch = None) -> Response:
    """Models with their prices, limits and health. None of them is asked anything."""
    installation: Installation = request.app.state.installation
    settings = installation.settings
    lanes, now = newest_lanes(session)
    projects = named_by_projects(settings_of_projects(session))
    made = survey(settings.models, projects, settings.limits, lanes, settings.embedding, os.environ, now)
    return tagged(made, if_none_match)
