"""The glossary in code: the words that database, pipeline, command line and exports share.

One word for one thing. Every enumeration here is also a CHECK constraint in the database, so a state that is
not listed cannot be stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import ConfigDict


class VariableType(StrEnum):
    """What kind of value a variable holds."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    DATE = "DATE"
    BOOLEAN = "BOOLEAN"
    CATEGORY = "CATEGORY"
    LOCATION = "LOCATION"
    JSON = "JSON"


class Role(StrEnum):
    """What a user is; `sidecar/security/scopes.py` says what each may do."""

    ADMIN = "admin"
    RESEARCHER = "researcher"
    VIEWER = "viewer"
    SERVICE = "service"  # another program, not a person


class UnitOfObservation(StrEnum):
    """What one row of the dataset stands for."""

    DOCUMENT = "DOCUMENT"
    ENTITY = "ENTITY"


class DocumentStatus(StrEnum):
    """How far a document has come."""

    UPLOADED = "UPLOADED"
    PARSED = "PARSED"
    READY = "READY"
    FAILED = "FAILED"


class DocumentOrigin(StrEnum):
    """How a document came in."""

    FOLDER = "FOLDER"  # the project's own folder, which `crucible run` mirrors
    INBOX = "INBOX"
    UPLOAD = "UPLOAD"  # through the sidecar


class CellState(StrEnum):
    """The one state in which every (row, variable) ends."""

    VALUE = "VALUE"
    ABSENT = "ABSENT"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    UNCERTAIN = "UNCERTAIN"
    FAILED = "FAILED"


class EvidenceStatus(StrEnum):
    """How well the quoted words were found in the document."""

    EXACT = "EXACT"
    NORMALISED = "NORMALISED"
    FUZZY = "FUZZY"
    NOT_FOUND = "NOT_FOUND"
    NONE = "NONE"  # nothing was quoted, because nothing was claimed


class IfUncertain(StrEnum):
    """What to do with a value below the confidence threshold or without evidence."""

    KEEP_FLAGGED = "KEEP_FLAGGED"
    NULL = "NULL"
    DEFAULT = "DEFAULT"


class IfMultipleValues(StrEnum):
    """What to do when a document holds several values of a variable."""

    ALL = "ALL"
    FIRST = "FIRST"
    MOST_CONFIDENT = "MOST_CONFIDENT"
    CONCATENATE = "CONCATENATE"


class ChunkMerge(StrEnum):
    """Which answer counts when several chunks of a long document give one."""

    AGREEMENT = "AGREEMENT"  # the value that most chunks give
    BEST_EVIDENCE = "BEST_EVIDENCE"  # quoted before unquoted, then the surest
    FIRST = "FIRST"  # in the order of the document
    ALL = "ALL"  # every value once


class TaskKind(StrEnum):
    """What a person can ask for."""

    INGEST = "INGEST"
    SAMPLE = "SAMPLE"
    FULL = "FULL"
    EXPORT = "EXPORT"
    REFINE = "REFINE"
    REPROCESS_FAILED = "REPROCESS_FAILED"  # documents that failed, or hold failed cells
    ASK = "ASK"  # a question, answered from cited evidence
    SUMMARISE = "SUMMARISE"  # summaries of the documents and of the project
    EXTRACT_THEMES = "EXTRACT_THEMES"


EXTRACTIONS = (TaskKind.SAMPLE, TaskKind.FULL, TaskKind.REFINE, TaskKind.REPROCESS_FAILED)
"""Of these a project has at most one that is not finished."""


class TaskStatus(StrEnum):
    """Where a task stands."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class EventKind(StrEnum):
    """What happened to a task; the names under which its stream tells it.

    All but PROGRESS are facts: stored, numbered 1, 2, 3, … per task in the order of their commits, and sent to
    every listener that has not had them. PROGRESS is where the task stands at the moment: only the latest counts, it
    is kept in the task's row and has no number of its own.
    """

    JOB_CREATED = "job_created"
    JOB_STARTED = "job_started"  # a run of one of its steps was asked for
    JOB_PAUSED = "job_paused"
    JOB_RESUMED = "job_resumed"
    JOB_COMPLETED = "job_completed"
    JOB_FAILED = "job_failed"
    JOB_CANCELLED = "job_cancelled"
    DOCUMENT_COMPLETED = "document_completed"  # its cells are stored, at least one of them not FAILED
    DOCUMENT_FAILED = "document_failed"  # it could not be read, or all of its cells FAILED; the message says why
    LOG = "log"  # anything else that a person may want to read
    PROGRESS = "progress"


class CallStatus(StrEnum):
    """How one request to a language model ended."""

    FINISHED = "FINISHED"
    FAILED = "FAILED"


class CallPurpose(StrEnum):
    """What a call to a language model is for."""

    EXTRACT = "EXTRACT"  # the first answer to a question
    REPEAT = "REPEAT"  # the same question again: unusable answer, second look, self-agreement
    VERIFY = "VERIFY"  # whether a value is right
    FIND_ENTITIES = "FIND_ENTITIES"
    COMPARE_ENTITIES = "COMPARE_ENTITIES"
    REFINE = "REFINE"  # a better wording of a variable's instructions
    SUGGEST = "SUGGEST"  # variables for a kind of documents
    UNDERSTAND = "UNDERSTAND"  # what is asked, in questions that stand alone
    ANSWER = "ANSWER"
    CHECK = "CHECK"  # whether statements follow from what they cite
    REMEMBER = "REMEMBER"  # what was said in a conversation, in fewer words
    SUMMARISE = "SUMMARISE"
    LABEL = "LABEL"  # a name for a theme


class CallMode(StrEnum):
    """How calls are sent."""

    LIVE = "live"
    BATCH = "batch"  # handed to the provider together, at half the price, answered within a day


class Verification(StrEnum):
    """Which values a second model looks at."""

    NONE = "none"
    LOW_CONFIDENCE = "low_confidence"
    ALL = "all"


class BatchStatus(StrEnum):
    """Where a provider batch stands."""

    PREPARED = "PREPARED"  # its items are stored, the provider may not have it yet
    SUBMITTED = "SUBMITTED"
    INGESTED = "INGESTED"  # every item that came back is in the ledger
    FAILED = "FAILED"  # the provider refused it as a whole
    CANCELLED = "CANCELLED"


class BatchItemStatus(StrEnum):
    """What became of one request of a provider batch."""

    QUEUED = "QUEUED"
    FINISHED = "FINISHED"
    FAILED = "FAILED"  # failed, expired or refused: asked live instead


class ResolutionMethod(StrEnum):
    """How it was decided whether two mentions are one entity."""

    SAME_NAME = "SAME_NAME"
    RULE = "RULE"  # initials, legal forms, word order
    SIMILARITY = "SIMILARITY"
    MODEL = "MODEL"


class RefinementStatus(StrEnum):
    """Where a proposed wording stands."""

    PROPOSED = "PROPOSED"
    ACTIVE = "ACTIVE"
    REJECTED = "REJECTED"  # measured and worse than what was there, or turned down by a person
    SUPERSEDED = "SUPERSEDED"


class Verdict(StrEnum):
    """A person's judgement of a cell."""

    CORRECT = "CORRECT"
    INCORRECT = "INCORRECT"
    PARTIALLY_CORRECT = "PARTIALLY_CORRECT"


class Claim(StrEnum):
    """What a confidence is about: they are calibrated apart."""

    STATED = "STATED"  # that the value read is right
    ABSENT = "ABSENT"  # that the document does not state it


class CalibrationMethod(StrEnum):
    """How a confidence is turned into a share of right answers."""

    IDENTITY = "IDENTITY"  # too few labels: the confidence stays as it is
    POOLED = "POOLED"  # too few labels of this variable: the curve of all variables together
    PLATT = "PLATT"  # a logistic curve, shrunk to the pooled one
    ISOTONIC = "ISOTONIC"  # a rising step curve, shrunk to the pooled one


class SegmentKind(StrEnum):
    """What a stretch of a document's text was in the file."""

    HEADING = "HEADING"
    PARAGRAPH = "PARAGRAPH"
    LIST_ITEM = "LIST_ITEM"
    TABLE_ROW = "TABLE_ROW"
    SHEET_ROW = "SHEET_ROW"


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a document's text and where it stands in the file.

    `start` and `end` are character offsets into the document's text (end excluded). Segments are in text order
    and do not overlap; the characters between two segments are only the separators that the parser put there.
    """

    start: int
    end: int
    kind: SegmentKind
    page: int | None = None  # counted from 1
    box: tuple[float, float, float, float] | None = None  # x0, y0, x1, y1 in points from the page's top left
    label: str | None = None  # for formats without pages: 'paragraph 12', 'table 2, row 3', 'Sheet1!A4:F4'
    level: int | None = None  # of a heading, counted from 1


@dataclass(frozen=True, slots=True)
class ValidationRules:
    """Limits that a coerced value must keep; None means no limit."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    minimum: float | None = None
    maximum: float | None = None
    earliest: str | None = None  # ISO date
    latest: str | None = None  # ISO date
    pattern: str | None = None  # regular expression that the whole text must match
    allowed_values: tuple[str, ...] = ()
    required: bool = False
    expressions: tuple[str, ...] = ()  # rules over several variables of the row: 'end_date >= start_date'


@dataclass(frozen=True, slots=True)
class Dependency:
    """A variable is asked only if `variable` has a value (one of `values`, when given)."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    variable: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """A stretch of text with the right answer, shown to the model with the question."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    text: str
    value: Any = None  # None: the text does not state it
    source_text: str | None = None  # the words of `text` that state it; the value itself when not given


@dataclass(frozen=True, slots=True)
class Variable:
    """One column to extract."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    type: VariableType
    instructions: str
    display_name: str = ""
    classification_rules: dict[str, str] = field(default_factory=dict)  # category → when it applies
    confidence_threshold: float = 0.5
    if_uncertain: IfUncertain = IfUncertain.KEEP_FLAGGED
    if_multiple_values: IfMultipleValues = IfMultipleValues.FIRST
    merge_chunks: ChunkMerge | None = None  # None: what `if_multiple_values` says, see `chunk_merge`
    max_values: int | None = None
    default_value: Any = None
    validation: ValidationRules = ValidationRules()
    depends_on: tuple[Dependency, ...] = ()
    examples: tuple[Example, ...] = ()
    unit: str | None = None  # NUMBER: the unit in which the value is stored, e.g. 'EUR', 'kg', '%'

    @property
    def multiple(self) -> bool:
        """Whether a list of values is asked for and kept."""
        return self.if_multiple_values in (IfMultipleValues.ALL, IfMultipleValues.CONCATENATE)

    @property
    def chunk_merge(self) -> ChunkMerge:
        """How the answers of chunks are merged: `merge_chunks`, else what `if_multiple_values` means for them."""
        if self.merge_chunks is not None:
            return self.merge_chunks
        if self.multiple:
            return ChunkMerge.ALL
        surest = self.if_multiple_values is IfMultipleValues.MOST_CONFIDENT
        return ChunkMerge.BEST_EVIDENCE if surest else ChunkMerge.FIRST

    @property
    def title(self) -> str:
        """The name to show to a person."""
        return self.display_name or self.name.replace("_", " ")


@dataclass(frozen=True, slots=True)
class PromptRow:
    """One version of the prompt of one variable."""

    variable: str
    version: int
    system: str
    question: str
    model_settings: Mapping[str, Any]
    response_schema: Mapping[str, Any]
    content_hash: str


class ChainBreak(StrEnum):
    """What is wrong with an entry of the audit log."""

    CHANGED = "CHANGED"  # its hash is not that of what it says
    MISSING = "MISSING"  # there is no entry of this number
    UNLINKED = "UNLINKED"  # it does not follow from the one before it
    NOT_AS_ANCHORED = "NOT_AS_ANCHORED"  # whole in itself, and not what was written down outside of the database
