"""Projects as the API takes and gives them."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from typing_extensions import TypedDict

from resources.database.repositories.projects import ProjectLine, ProjectRecord, VariableRow
from resources.vocabulary import UnitOfObservation
from sidecar.fields import NO_NUL, Slug
from sidecar.projects.fields import OneLine, Title, Words
from sidecar.projects.parameters import Parameters, ParametersIn
from sidecar.variables.schemas import MOST_VARIABLES, Variable, VariableIn

Place = Annotated[
    str,
    StringConstraints(min_length=1, max_length=1_000, pattern=NO_NUL),
    Field(description="`documents:` of the project file, for `crucible run`; uploads do not need it"),
]
_ENTITY = "What one row is, where rows are entities: in words, or `regex:` and an expression that finds each"


class ProjectIn(BaseModel):
    """A new project."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "Loan agreements",
                    "description": "All loans over 1m since 2010",
                    "domain": "commercial law",
                    "language": "en",
                    "variables": [
                        {
                            "name": "amount",
                            "type": "NUMBER",
                            "instructions": "The sum that was lent, without interest.",
                            "unit": "EUR",
                        }
                    ],
                }
            ]
        },
    )

    name: Title = Field(examples=["Loan agreements"])
    id: Slug | None = Field(default=None, description="Made from the name when not given; never changed later")
    description: Words = ""
    domain: OneLine = ""
    language: OneLine | None = Field(default=None, examples=["en"])
    unit_of_observation: UnitOfObservation = UnitOfObservation.DOCUMENT
    entity_pattern: Words | None = Field(default=None, description=_ENTITY)
    documents: Place | None = None
    parameters: ParametersIn = Field(default_factory=ParametersIn)
    variables: list[VariableIn] = Field(default=[], max_length=MOST_VARIABLES)


class ProjectPatch(TypedDict, total=False):
    """What is to be changed of a project; the rest stays."""

    __pydantic_config__ = ConfigDict(  # type: ignore[misc]  # how pydantic reads the configuration of a TypedDict
        extra="forbid", json_schema_extra={"examples": [{"description": "All loans over 2m since 2010"}]}
    )

    name: Title
    description: Words
    domain: OneLine
    language: OneLine | None
    unit_of_observation: UnitOfObservation
    entity_pattern: Words | None
    documents: Place | None


class CopyIn(BaseModel):
    """How the copy is to be called."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "Loan agreements, pilot"}]})

    name: Title
    id: Slug | None = Field(default=None, description="Made from the name when not given")


class ProjectSummary(BaseModel):
    """A project in a list."""

    id: str = Field(examples=["loan-agreements"])
    name: str = Field(examples=["Loan agreements"])
    description: str
    domain: str
    unit_of_observation: UnitOfObservation
    archived: bool
    variable_count: int = Field(examples=[12])
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, line: ProjectLine) -> "ProjectSummary":
        """A line of the list."""
        return cls(**{name: getattr(line, name) for name in cls.model_fields})


class Project(BaseModel):
    """A project with its variables in order."""

    id: str = Field(examples=["loan-agreements"])
    name: str = Field(examples=["Loan agreements"])
    description: str
    domain: str
    language: str | None
    unit_of_observation: UnitOfObservation
    entity_pattern: str | None
    documents: str | None
    archived: bool
    created_at: datetime
    updated_at: datetime
    parameters: Parameters
    variables: list[Variable]

    @classmethod
    def of(cls, record: ProjectRecord, embedding: str) -> "Project":
        """A stored project."""
        project = record.project
        plain: dict[str, Any] = {
            name: getattr(project, name)
            for name in (
                "id", "name", "description", "domain", "language", "unit_of_observation", "entity_pattern",
            )
        }  # fmt: skip
        rows = [VariableRow(variable, position, True) for position, variable in enumerate(project.variables)]
        return cls(
            **plain,
            documents=project.source,
            archived=record.archived,
            created_at=record.created_at,
            updated_at=record.updated_at,
            parameters=Parameters.of(project.settings, embedding),
            variables=[Variable.of(row) for row in rows],
        )
