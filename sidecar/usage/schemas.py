"""What usage looks like."""

from datetime import date

from pydantic import BaseModel, Field

from resources.database.repositories.usage import UsageBy
from sidecar.pages import Page
from sidecar.usage.money import Money


class UsageSum(BaseModel):
    """Calls and what they took. Whole numbers but for variables, which may have a share in a call."""

    calls: int | float = Field(examples=[120])
    unpriced_calls: int | float = Field(description="Of these, have no known price and are not in `cost_usd`")
    input_tokens: int | float = Field(description="All of them, with the cached ones")
    cached_tokens: int | float
    output_tokens: int | float
    cost_usd: Money | None = Field(description="Of the calls with a known price; null: none of them has one")


class UsageItem(UsageSum):
    """The sum of one project, user, day, model, variable, task, purpose or document."""

    key: str | None = Field(
        description="null: calls that have none (made by no task, for no variable, by a command)",
        examples=["openai:gpt-4.1-mini"],
    )


class UsagePage(Page[UsageItem]):
    """Sums in the order of their keys, and the total of all pages."""

    by: UsageBy
    first: date | None = Field(description="The first day that is counted")
    last: date | None = Field(description="The last day that is counted")
    total: UsageSum
