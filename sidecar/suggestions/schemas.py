"""What is told of documents, and the variables that are suggested for them."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from crucible_assets.prompts.suggest import MOST_SUGGESTED
from sidecar.fields import IN_JSON
from sidecar.projects.fields import OneLine, Title, Words
from sidecar.variables.schemas import VariableIn


class SuggestionsIn(BaseModel):
    """For which documents variables are wanted."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "document_type": "loan agreements of municipal banks",
                    "domain": "commercial law",
                    "research_question": "How did collateral change after 2010?",
                    "max": 12,
                }
            ]
        },
    )

    document_type: Title
    domain: OneLine = ""
    research_question: Annotated[Words, Field(max_length=2_000)] = ""
    max: Annotated[int, IN_JSON] = Field(default=15, ge=1, le=MOST_SUGGESTED)
    documents: list[UUID] = Field(
        default=[], max_length=5, description="Documents of the project whose beginnings are shown to the model"
    )


class SuggestedVariable(VariableIn):
    """A proposal: send it to `POST …/variables` as it is, or changed."""


class Suggestions(BaseModel):
    """Proposals that a project would take as they are. Nothing of them is stored as a variable."""

    variables: list[SuggestedVariable]
    dropped: int = Field(description="Proposals that break the rules of a project, and are left out", examples=[1])
    dropped_because: list[str]
    model: str = Field(description="Which model proposed them", examples=["openai:gpt-4.1-mini"])
    paid: bool = Field(description="False: the same was asked before, and its answer was in the ledger")
    cost_usd: float | None = Field(description="Of the call, when it was made; null: its price is not known")
