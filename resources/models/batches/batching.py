"""Batch mode of one run, as one object: a collector whose batches are sent while the run goes on."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from uuid import UUID

from resources.database.engine import Database
from resources.database.repositories.provider_batches import Attempt
from resources.models.batches.collector import BatchCollector
from resources.models.batches.connect import FromEnvironment
from resources.models.batches.look import submit_batch
from resources.models.batches.service import LIMITS, Limits
from resources.models.ledger import Ledger


class Batching:
    """Open it in the run's event loop; give `collector` to the gateway; `finish` when every document was tried."""

    def __init__(
        self,
        database: Database,
        tenant: str,
        by: Attempt,
        *,
        arms: Collection[str] = (),
        budgets: Mapping[str, Decimal] | None = None,
        limits: Mapping[str, Limits] = LIMITS,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Learns from the database what was tried before and what is out. `by` is as the run's tags say.

        `arms` are the gateway's routes, `budgets` limits in USD by scope ('' for the project, else the task's id).
        """
        self._database = database
        self._tenant = tenant
        self._ledger = Ledger(database, tenant)
        self._connections = FromEnvironment(env)
        self.collector = BatchCollector(
            database, self._ledger, by, arms=arms, budgets=budgets, limits=limits, send=self._send
        )
        self.collector.load()

    async def _send(self, batch: UUID) -> None:
        await submit_batch(self._database, self._tenant, self._connections, batch)

    async def finish(self) -> int:
        """Send what was collected; how many batches were to be sent. Not for a run that stopped before its end.

        Raises BudgetReachedError when the budgets allowed not a single request.
        """
        return len(await self.collector.finish())

    async def close(self) -> None:
        """Wait for what is being sent, and close ledger and connections."""
        try:
            await self.collector.settle()
        finally:
            await self._ledger.close()
            await self._connections.__aexit__(None, None, None)
