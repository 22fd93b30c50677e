"""Money set aside for calls before they are sent. All amounts are whole billionths of a US dollar.

A budget is a pot that processes share. A process takes a block of it into its purse for many calls, in one
transaction that sees what is spent and what all others hold. A call is sent only if the purse holds what it could
cost at worst, and what it did cost is added to what is spent in the transaction that stores it. So at every moment

    spent + what all purses hold ≤ limit

as long as no call costs more than was set aside for it. Blocks become smaller as the pot empties, down to one call.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal

_NANO = Decimal(1_000_000_000)
_SHARE = 8  # a block is at most an eighth of what is left: several processes find some, and the end is reached evenly


def nano(usd: Decimal) -> int:
    """Billionths of a dollar, rounded up."""
    return int((usd * _NANO).to_integral_value(rounding=ROUND_CEILING))


def usd(amount: int) -> Decimal:
    """Dollars from billionths."""
    return Decimal(amount) / _NANO


@dataclass(frozen=True, slots=True)
class Pot:
    """One budget at one moment: its limit, what is spent, and what other processes hold of it."""

    limit: int
    spent: int
    held_by_others: int = 0


@dataclass(frozen=True, slots=True)
class Purse:
    """What one process holds: for calls in flight, and free for more until a point in time."""

    free: int = 0
    in_flight: int = 0
    until: float = 0.0


@dataclass(frozen=True, slots=True)
class Short:
    """There is not enough: `left` of the tightest pot; `final` when waiting for calls in flight does not help."""

    left: int
    final: bool


def reserve(purse: Purse, amount: int, now: float) -> Purse | None:
    """Set `amount` aside for a call; None when the purse does not hold it (any more)."""
    if now >= purse.until or purse.free < amount:
        return None
    return replace(purse, free=purse.free - amount, in_flight=purse.in_flight + amount)


def settle(purse: Purse, reserved: int, cost: int) -> Purse:
    """A call has ended and its cost, if any, is counted as spent: what it did not use is free again."""
    return replace(purse, free=purse.free + max(0, reserved - cost), in_flight=purse.in_flight - reserved)


def emptied(purse: Purse) -> Purse:
    """The purse while its process asks for a block: what was free goes back, and cannot be used meanwhile."""
    return replace(purse, free=0)


def block(pots: Sequence[Pot], in_flight: int, need: int, wish: int) -> int | Short:
    """How much a process may newly hold beside what it has in flight: at least `need`, at most `wish`."""
    free = min(pot.limit - pot.spent - pot.held_by_others for pot in pots) - in_flight
    if free < need:
        unspent = min(pot.limit - pot.spent for pot in pots)
        return Short(max(0, unspent), final=unspent < need)
    return max(need, min(wish, free // _SHARE))


def filled(purse: Purse, amount: int, until: float) -> Purse:
    """The purse after a block was taken."""
    return replace(purse, free=purse.free + amount, until=until)
