"""How far a dataset can be trusted."""

from fastapi.routing import APIRouter

from sidecar.problems import NotFound, problems
from sidecar.quality.report import quality_report
from sidecar.quality.schemas import QualityReport
from sidecar.results.listing import ProjectQuery
from sidecar.transactions import ReadSession

router = APIRouter(prefix="/v1/quality", tags=["quality"])


@router.get("", responses=problems(NotFound))
def show_quality(session: ReadSession, project_id: ProjectQuery) -> QualityReport:
    """States, evidence, accuracy against gold and verdicts, agreement of reviewers, calibration and cost.

    Of the dataset of now. Figures that rest on labels say on how many. What each task, document or day cost is under
    `/v1/usage`.
    """
    return quality_report(session, project_id)
