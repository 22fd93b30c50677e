"""Variables as the API takes and gives them: the fields of the project file."""

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from typing_extensions import TypedDict

from resources.database.repositories.projects import VariableRow
from resources.project import variable_to_dict
from resources.vocabulary import ChunkMerge, IfMultipleValues, IfUncertain, VariableType
from sidecar.fields import IN_JSON, NO_NUL, ONLY_THESE_KEYS, Flag, Json, Number, Share, Slug, VariableName, each_once
from sidecar.projects.fields import Instructions, OneLine, Title, Unit, Words

Pattern = Annotated[str, StringConstraints(min_length=1, max_length=1_000, pattern=NO_NUL)]
Value = Annotated[str, StringConstraints(max_length=1_000, pattern=NO_NUL)]


def _day(text: str) -> str:
    date.fromisoformat(text)
    return text


Day = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    AfterValidator(_day),
    Field(json_schema_extra={"format": "date"}, examples=["2021-01-31"]),
]
MostValues = Annotated[int, Field(ge=1, le=100_000), IN_JSON]

MOST_VARIABLES = 1_000
_FORBID = ConfigDict(extra="forbid")


class RulesIn(BaseModel):
    """Limits that a value must keep; null means none."""

    model_config = _FORBID

    minimum: Number | None = Field(default=None, description="NUMBER only")
    maximum: Number | None = Field(default=None, description="NUMBER only; at least minimum")
    earliest: Day | None = Field(default=None, description="DATE only")
    latest: Day | None = Field(default=None, description="DATE only")
    pattern: Pattern | None = Field(default=None, description="Regular expression for the whole value")
    allowed_values: list[Value] = Field(default=[], max_length=1_000)
    required: Flag = False
    expressions: list[Pattern] = Field(
        default=[],
        max_length=50,
        description="Rules over several variables of the row",
        examples=[["end_date >= start_date"]],
    )


class DependencyIn(BaseModel):
    """The variable is asked only if another one has a value, or one of `values`."""

    model_config = _FORBID

    variable: VariableName = Field(description="A variable of this project")
    values: list[Value] = Field(default=[], max_length=100)


class ExampleIn(BaseModel):
    """A stretch of text with the right answer, shown to the model with the question."""

    model_config = _FORBID

    text: Annotated[Instructions, Field(max_length=2_000)]
    value: Json = Field(default=None, description="Null: the text does not state it")
    source_text: Words | None = Field(default=None, description="The words of `text` that state the value")


class Definition(BaseModel):
    """A variable without its name."""

    model_config = _FORBID

    type: VariableType
    instructions: Instructions = Field(description="What is to be extracted, in a sentence or more")
    display_name: OneLine = ""
    classification_rules: dict[Title, Words] = Field(
        default={},
        max_length=500,
        description="CATEGORY only, at least two: each category and when it applies",
        json_schema_extra=ONLY_THESE_KEYS,
    )
    confidence_threshold: Share = 0.5
    if_uncertain: IfUncertain = IfUncertain.KEEP_FLAGGED
    if_multiple_values: IfMultipleValues = IfMultipleValues.FIRST
    merge_chunks: ChunkMerge | None = Field(default=None, description="Null: what if_multiple_values says")
    max_values: MostValues | None = None
    default_value: Json = Field(default=None, description="A value of the type; needed for if_uncertain: DEFAULT")
    validation: RulesIn = Field(default_factory=RulesIn)
    depends_on: list[DependencyIn] = Field(default=[], max_length=50)
    examples: list[ExampleIn] = Field(default=[], max_length=50)
    unit: Unit | None = Field(default=None, description="NUMBER: in which the value is stored", examples=["EUR"])


_EXAMPLE: dict[str, Any] = {
    "name": "amount",
    "type": "NUMBER",
    "instructions": "The sum that was lent, without interest.",
    "unit": "EUR",
    "confidence_threshold": 0.6,
    "validation": {"minimum": 0, "required": True},
}


class VariableIn(Definition):
    """One column to extract."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    name: VariableName = Field(
        description="Column name; different from the others also without its underscores' number"
    )


class VariablePatch(TypedDict, total=False):
    """What is to be changed of a variable; the rest stays."""

    __pydantic_config__ = ConfigDict(  # type: ignore[misc]  # how pydantic reads the configuration of a TypedDict
        extra="forbid",
        json_schema_extra={"examples": [{"instructions": "The sum lent, in the contract's currency."}]},
    )

    type: VariableType
    instructions: Instructions
    display_name: OneLine
    classification_rules: Annotated[dict[Title, Words], Field(max_length=500, json_schema_extra=ONLY_THESE_KEYS)]
    confidence_threshold: Share
    if_uncertain: IfUncertain
    if_multiple_values: IfMultipleValues
    merge_chunks: ChunkMerge | None
    max_values: MostValues | None
    default_value: Json
    validation: RulesIn
    depends_on: Annotated[list[DependencyIn], Field(max_length=50)]
    examples: Annotated[list[ExampleIn], Field(max_length=50)]
    unit: Unit | None


class Order(BaseModel):
    """Every variable of the project, in the order in which they are to stand."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"names": ["lender", "amount"]}]})

    names: Annotated[list[VariableName], AfterValidator(each_once)] = Field(
        min_length=1, max_length=MOST_VARIABLES, json_schema_extra={"uniqueItems": True}
    )


class CopyVariables(BaseModel):
    """Which variables are taken over from another project."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"from_project": "loan-agreements", "names": ["amount"]}]}
    )

    from_project: Slug
    names: list[VariableName] | None = Field(
        default=None, min_length=1, max_length=MOST_VARIABLES, description="Null: all of them"
    )


class Rules(BaseModel):
    """Limits that a value must keep; null means none."""

    minimum: float | None
    maximum: float | None
    earliest: str | None
    latest: str | None
    pattern: str | None
    allowed_values: list[str]
    required: bool
    expressions: list[str]


class Dependency(BaseModel):
    """The variable is asked only if another one has a value, or one of `values`."""

    variable: str
    values: list[str]


class Example(BaseModel):
    """A stretch of text with the right answer."""

    text: str
    value: Any = None
    source_text: str | None


class Variable(BaseModel):
    """One column to extract, with its place in the project."""

    name: str = Field(examples=["amount"])
    type: VariableType
    instructions: str = Field(examples=["The sum that was lent, without interest."])
    display_name: str
    classification_rules: dict[str, str]
    confidence_threshold: float
    if_uncertain: IfUncertain
    if_multiple_values: IfMultipleValues
    merge_chunks: ChunkMerge | None
    max_values: int | None
    default_value: Any = None
    validation: Rules
    depends_on: list[Dependency]
    examples: list[Example]
    unit: str | None
    position: int = Field(description="From 0 in the order of the project", examples=[0])
    active: bool = Field(description="False: deleted; what was extracted is kept", examples=[True])

    @classmethod
    def of(cls, row: VariableRow) -> "Variable":
        """A stored variable."""
        return cls.model_validate({**variable_to_dict(row.variable), "position": row.position, "active": row.active})
