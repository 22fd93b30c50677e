"""What is told of the quality of a dataset."""

from pydantic import BaseModel, Field

from resources.vocabulary import CalibrationMethod, CellState, Claim, EvidenceStatus
from sidecar.usage.schemas import UsageSum

Interval = tuple[float, float]


class Accuracy(BaseModel):
    """How right cells are by labels: gold, and verdicts of people.

    Verdicts are no random sample: people look first at what seems wrong. With few labels the interval is wide.
    """

    labelled: int = Field(description="Cells of the dataset that have a label")
    by_gold: int = Field(description="Of these, labelled by a gold file")
    decided: int = Field(description="Of these, about which the label says whether they are right now")
    right: int
    partly: int = Field(description="They count half")
    wrong: int
    accuracy: float | None = Field(description="(right + partly / 2) / decided; null without labels")
    interval: Interval | None = Field(description="95 % score interval of it (Wilson 1927)")


class PairOfReviewers(BaseModel):
    """Two reviewers over the cells that both judged."""

    first: str
    second: str
    cells: int
    percent: float = Field(description="Share of the cells on which they say the same, 0 to 1")
    kappa: float | None = Field(description="Cohen 1960; null where both say the same of everything")


class ReviewerAgreement(BaseModel):
    """Reviewers who judged the same state of the same cells."""

    reviewers: int
    cells: int = Field(description="Judged by at least two")
    percent: float | None
    alpha: float | None = Field(description="Krippendorff's alpha for nominal data; null where it is not defined")
    pairs: list[PairOfReviewers]


class VariableFigures(BaseModel):
    """One variable."""

    variable: str
    title: str
    states: dict[CellState, int]
    missing: int = Field(description="Rows that have no cell for it yet")
    with_value: int = Field(description="Cells that carry a value, flagged ones included")
    evidence: dict[EvidenceStatus, int] = Field(description="Of these, by how well the first quote was found")
    mean_confidence: float | None
    reviewed: int = Field(description="Cells with a verdict")
    accuracy: Accuracy
    agreement: ReviewerAgreement
    cost: UsageSum = Field(description="Its share of the calls")


class GoldScore(BaseModel):
    """One variable against a gold file."""

    variable: str
    labelled: int = Field(description="Documents or rows")
    accuracy: float | None
    accuracy_interval: Interval | None
    precision: float
    recall: float
    f1: float
    f1_interval: Interval | None = Field(description="95 %, documents drawn anew")
    relaxed_f1: float
    empty: int = Field(description="Labelled as absent")
    kept_empty: int


class GoldReport(BaseModel):
    """The dataset against a gold file."""

    documents: int
    accuracy: float | None
    f1: float
    f1_interval: Interval | None
    macro_f1: float
    variables: list[GoldScore]
    unknown_documents: list[str] = Field(description="Labelled, but not in the dataset")


class ReliabilityBin(BaseModel):
    """Cells whose confidence lies between `low` and `high`."""

    low: float
    high: float
    count: int
    mean_confidence: float
    accuracy: float
    interval: Interval


class ReliabilityFigures(BaseModel):
    """How far confidences agree with the share of right answers; 0 is perfect for ECE and Brier score."""

    labels: int
    accuracy: float
    mean_confidence: float
    ece: float = Field(description="Expected calibration error (Naeini et al. 2015)")
    brier: float
    bins: list[ReliabilityBin]


class CalibrationCurve(BaseModel):
    """A curve that is in force."""

    variable: str = Field(description="Empty: all variables together")
    claim: Claim
    model: str
    method: CalibrationMethod
    labels: int
    points: list[float] = Field(
        description="Calibrated confidence at equal distances from 0 to 1; empty: as the model says"
    )
    before: ReliabilityFigures | None
    after: ReliabilityFigures | None = Field(description="Cross-validated over documents")


class Dispute(BaseModel):
    """A cell about which people, or people and gold, disagree."""

    document: str
    row_key: str
    variable: str
    said: str


class QualityReport(BaseModel):
    """How far the dataset of now can be trusted."""

    project_id: str
    rows: int
    cells_expected: int
    states: dict[CellState, int]
    missing: int
    accuracy: Accuracy
    agreement: ReviewerAgreement
    variables: list[VariableFigures]
    gold: GoldReport | None = Field(description="null: no gold file was given")
    calibration: list[CalibrationCurve]
    disputed: list[Dispute]
    unknown_labels: list[str] = Field(description="Labelled documents and rows that the project does not have")
    cost: UsageSum
