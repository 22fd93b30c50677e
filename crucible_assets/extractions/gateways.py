"""The models that a run talks to, opened together and closed together."""

from dataclasses import dataclass

from resources.models.batches.batching import Batching
from resources.models.gateway import Gateway


@dataclass(frozen=True, slots=True)
class Gateways:
    """The models of a run: those that answer, the one that looks at values where it is another, and batches."""

    main: Gateway
    verifier: Gateway | None = None
    batching: Batching | None = None

    def stop(self) -> None:
        """Send no further call; those in flight finish into the ledger."""
        for gateway in self._all:
            gateway.stop()

    @property
    def calls_in_flight(self) -> int:
        """How many questions are out at this moment."""
        return sum(gateway.calls_in_flight for gateway in self._all)

    async def hand_over(self) -> None:
        """Send the provider batches that were collected. Raises BudgetReachedError when not one request may go."""
        if self.batching is not None:
            await self.batching.finish()

    async def close(self) -> None:
        """Flush ledgers, wait for batches that are being sent, and close connections."""
        try:
            if self.batching is not None:
                await self.batching.close()
        finally:
            for gateway in self._all:
                await gateway.close()

    @property
    def _all(self) -> tuple[Gateway, ...]:
        return (self.main,) if self.verifier is None else (self.main, self.verifier)
