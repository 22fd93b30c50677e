"""What one materialisation of summaries or themes works with: the project, its models, and the task that asked."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from crucible_assets.insights.asking import Asker, Spent
from crucible_assets.insights.run import Done, run_all
from crucible_assets.insights.summaries import Ask
from resources.installation import Installation
from resources.models.request import ModelRequest
from resources.project import Project
from resources.vocabulary import CallPurpose

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Work:
    """A project's run. `specs` are language models in fallback order; none: sentences are copied."""

    installation: Installation
    tenant: str
    project: Project
    specs: tuple[str, ...]
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def force(self) -> bool:
        """Whether everything is made anew."""
        return self.tags.get("crucible/force") == "true"

    def over(
        self, items: Sequence[T], work: Callable[[T, Asker | None], Awaitable[None]], unit: str
    ) -> tuple[Done, Spent]:
        """Do `work` with every item. Blocking. Raises ModelError when no call can succeed, and RunStoppedError."""
        task, budget = self.tags.get("crucible/task"), self.tags.get("crucible/budget")
        task_id = UUID(task) if task else None
        usd = Decimal(budget) if budget and task else None

        def open_asker() -> Asker | None:
            if not self.specs:
                return None
            return Asker(self.installation, self.tenant, self.project, self.specs, task_id, usd)

        done, asker = run_all(
            self.installation.database,
            self.tenant,
            task_id,
            open_asker,
            items,
            work,
            concurrency=self.installation.settings.concurrency if self.specs else 1,
            unit=unit,
        )
        return done, Spent() if asker is None else asker.spent


def asks(asker: Asker, models: set[str], purpose: CallPurpose, document_id: UUID | None = None) -> Ask:
    """A function that puts requests for a purpose, and notes in `models` which of them answered."""

    async def ask(request: ModelRequest, sources: Sequence[UUID]) -> str:
        call = await asker.ask(request, purpose, sources, document_id)
        models.add(f"{call.provider}:{call.model}")
        return call.reply.text

    return ask
