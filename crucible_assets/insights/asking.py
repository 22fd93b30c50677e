"""The language models of a run over summaries or themes, and what they cost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from crucible_assets.extractions.progress import usd
from resources.installation import Installation
from resources.models.budgets import Budget
from resources.models.gateway import Gateway
from resources.models.ledger import Call, CallContext, Ledger
from resources.models.providers.choose import make_provider, parse_spec
from resources.models.request import ModelRequest
from resources.project import Project
from resources.vocabulary import CallPurpose


def language_models(specs: Sequence[str]) -> tuple[str, ...]:
    """The language models among some; none when the reader is all there is."""
    return tuple(spec for spec in specs if parse_spec(spec)[0] != "local")


@dataclass(slots=True)
class Spent:
    """What calls used, in tokens and USD; those from the ledger cost nothing."""

    calls: int = 0
    from_ledger: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    unpriced: int = 0
    models: set[str] = field(default_factory=set)

    def count(self, call: Call) -> None:
        """Add one call."""
        self.models.add(f"{call.provider}:{call.model}")
        if not call.paid:
            self.from_ledger += 1
            return
        self.calls += 1
        self.input_tokens += call.reply.usage.input_tokens
        self.output_tokens += call.reply.usage.output_tokens
        self.cost_usd += call.cost_usd or Decimal(0)
        self.unpriced += call.cost_usd is None

    def as_json(self) -> dict[str, Any]:
        """For the task's row."""
        return {"calls": self.calls, "calls_from_ledger": self.from_ledger, "cost_usd": usd(self.cost_usd)}

    def as_metadata(self) -> dict[str, Any]:
        """For a materialisation."""
        unpriced = f" + {self.unpriced} calls without a known price" if self.unpriced else ""
        return {
            "calls paid": self.calls,
            "calls from the ledger": self.from_ledger,
            "input tokens": self.input_tokens,
            "output tokens": self.output_tokens,
            "cost": f"{self.cost_usd:.6f} USD{unpriced}",
        }


class Asker:
    """Asks the models of one run. Use inside one event loop; `close` it."""

    def __init__(
        self,
        installation: Installation,
        tenant: str,
        project: Project,
        specs: Sequence[str],
        task_id: UUID | None,
        task_usd: Decimal | None,
    ) -> None:
        """`specs` are language models in fallback order, `task_usd` the task's budget. Raises ModelMissingError."""
        settings, most = installation.settings, project.settings.budget_usd
        budget = None
        if most is not None or task_usd is not None:
            budget = Budget(
                installation.database,
                tenant,
                project.id,
                task_id,
                project_usd=None if most is None else Decimal(str(most)),
                task_usd=task_usd,
            )
        self._gateway = Gateway(
            [make_provider(spec, timeout_seconds=settings.call_timeout_seconds) for spec in specs],
            Ledger(installation.database, tenant),
            concurrency=settings.concurrency,
            budget=budget,
            limits=settings.limits,
        )
        self._project, self._task = project.id, task_id
        self.spent = Spent()

    async def ask(
        self, request: ModelRequest, purpose: CallPurpose, sources: Sequence[UUID], document_id: UUID | None = None
    ) -> Call:
        """The answer to a request that shows words of the documents `sources`. Raises what `Route.ask` does."""
        # in one order, so that transactions that store them wait for each other instead of locking each other out
        shown = tuple(sorted(set(sources)))
        context = CallContext(self._project, document_id, self._task, (), purpose, sources=shown)
        call = await self._gateway.ask(request, context, self._gateway.keys(request))
        self.spent.count(call)
        return call

    def stop(self) -> None:
        """Send no further call; those in flight finish into the ledger."""
        self._gateway.stop()

    async def close(self) -> None:
        """Write what is to be written, and close connections."""
        await self._gateway.close()
