"""The quality of a dataset, put together from counts, labels, verdicts and curves."""

from collections.abc import Mapping
from decimal import Decimal

from crucible_assets.datasets.evaluate import Evaluation
from crucible_assets.learning.load import load_calibration
from crucible_assets.learning.reliability import Reliability
from crucible_assets.learning.scoring import Calibration
from resources.database.engine import TenantSession
from resources.database.repositories.cell_figures import CellFigures, figures_by_variable, reviewed_by_variable
from resources.database.repositories.dataset_rows import account
from resources.database.repositories.projects import load_project
from resources.database.repositories.usage import Usage, UsageBy, UsageFilter, usage_by, usage_in_all
from resources.vocabulary import Variable
from sidecar.problems import NotFound
from sidecar.quality.agreement import Agreement, agreement
from sidecar.quality.labelled import Labelled, load_labelled
from sidecar.quality.schemas import (
    CalibrationCurve,
    Dispute,
    GoldReport,
    GoldScore,
    PairOfReviewers,
    QualityReport,
    ReliabilityBin,
    ReliabilityFigures,
    ReviewerAgreement,
    VariableFigures,
)
from sidecar.usage.summing import sum_of

_ZERO = Decimal(0)
_MOST_VARIABLES = 10_000
_MOST_LISTED = 200


def quality_report(session: TenantSession, project_id: str) -> QualityReport:
    """Everything that is known of the quality of a project's dataset. Raises NotFound."""
    project = load_project(session, project_id)
    if project is None:
        raise NotFound(f"There is no project `{project_id}`.")
    counted = account(session, project_id, project.unit_of_observation)
    figures = figures_by_variable(session, project_id, project.unit_of_observation)
    reviewed = reviewed_by_variable(session, project_id)
    labelled = load_labelled(session, project)
    spent = UsageFilter(project_id)
    costs = {usage.key: usage for usage in usage_by(session, UsageBy.VARIABLE, spent, limit=_MOST_VARIABLES)}
    return QualityReport(
        project_id=project_id,
        rows=counted.rows,
        cells_expected=counted.rows * counted.variables,
        states=counted.states,
        missing=counted.missing,
        accuracy=labelled.accuracy(),
        agreement=_agreed(agreement(labelled.ratings())),
        variables=[
            _variable(variable, counted.rows, figures, reviewed, labelled, costs) for variable in project.variables
        ],
        gold=None if labelled.evaluation is None else _gold(labelled.evaluation),
        calibration=[_curve(item) for item in load_calibration(session, project_id)],
        disputed=[
            Dispute(document=labelled.names[key[0]], row_key=key[1], variable=key[2], said=said)
            for key, said in labelled.labels.disputed[:_MOST_LISTED]
        ],
        unknown_labels=list(labelled.unknown[:_MOST_LISTED]),
        cost=sum_of(usage_in_all(session, spent)),
    )


def _variable(
    variable: Variable,
    rows: int,
    figures: Mapping[str, CellFigures],
    reviewed: Mapping[str, int],
    labelled: Labelled,
    costs: Mapping[str | None, Usage],
) -> VariableFigures:
    name = variable.name
    found = figures.get(name, CellFigures())
    nothing = Usage(name, _ZERO, _ZERO, _ZERO, _ZERO, _ZERO, None)
    return VariableFigures(
        variable=name,
        title=variable.title,
        states=found.states,
        missing=rows - found.cells,
        with_value=found.with_value,
        evidence=found.evidence,
        mean_confidence=found.mean_confidence,
        reviewed=reviewed.get(name, 0),
        accuracy=labelled.accuracy(name),
        agreement=_agreed(agreement(labelled.ratings(name))),
        cost=sum_of(costs.get(name, nothing)),
    )


def _agreed(found: Agreement) -> ReviewerAgreement:
    return ReviewerAgreement(
        reviewers=found.reviewers,
        cells=found.cells,
        percent=found.percent,
        alpha=found.alpha,
        pairs=[
            PairOfReviewers(
                first=pair.first, second=pair.second, cells=pair.cells, percent=pair.percent, kappa=pair.kappa
            )
            for pair in found.pairs
        ],
    )


def _gold(found: Evaluation) -> GoldReport:
    return GoldReport(
        documents=found.documents,
        accuracy=found.accuracy,
        f1=found.strict.f1,
        f1_interval=found.f1_interval,
        macro_f1=found.macro_strict_f1,
        variables=[
            GoldScore(
                variable=score.variable,
                labelled=score.documents,
                accuracy=score.accuracy,
                accuracy_interval=score.accuracy_interval,
                precision=score.strict.precision,
                recall=score.strict.recall,
                f1=score.strict.f1,
                f1_interval=score.f1_interval,
                relaxed_f1=score.relaxed.f1,
                empty=score.empty,
                kept_empty=score.kept,
            )
            for score in found.variables
            if score.documents
        ],
        unknown_documents=list(found.unknown_documents[:_MOST_LISTED]),
    )


def _curve(item: Calibration) -> CalibrationCurve:
    return CalibrationCurve(
        variable=item.variable,
        claim=item.claim,
        model=item.model,
        method=item.curve.method,
        labels=item.curve.labels,
        points=list(item.curve.points),
        before=_reliability(item.reliability.before),
        after=_reliability(item.reliability.after),
    )


def _reliability(found: Reliability | None) -> ReliabilityFigures | None:
    if found is None:
        return None
    return ReliabilityFigures(
        labels=found.labels,
        accuracy=found.accuracy,
        mean_confidence=found.mean_confidence,
        ece=found.ece,
        brier=found.brier,
        bins=[
            ReliabilityBin(
                low=b.low,
                high=b.high,
                count=b.count,
                mean_confidence=b.mean_confidence,
                accuracy=b.accuracy,
                interval=b.interval,
            )
            for b in found.bins
        ],
    )
