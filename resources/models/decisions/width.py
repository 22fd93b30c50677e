"""How many calls of this process may be in flight at one model while its provider refuses many for their rate.

Additive increase, multiplicative decrease (D. Chiu, R. Jain 1989), for providers that tell no limits: when more than
a quarter of the latest calls were refused, half as many may be in flight; each good call lets one more in. A refusal
now and then changes nothing.
"""

from dataclasses import dataclass

_MEMORY = 0.9  # weight of what was before, per call
_MANY = 0.25


@dataclass(frozen=True, slots=True)
class Width:
    """How many may be in flight (None: as many as there are), and the share of refusals of late."""

    most: int | None = None
    refused_share: float = 0.0

    def admits(self, in_flight: int) -> bool:
        """Whether one more may be sent."""
        return self.most is None or in_flight < self.most


OPEN = Width()


def after_call(width: Width, refused: bool, in_flight: int, concurrency: int) -> Width:
    """The width after a call that was refused for its rate, or was not; `in_flight` counts that call."""
    share = _MEMORY * width.refused_share + (1 - _MEMORY) * refused
    if refused:
        if share < _MANY:
            return Width(width.most, share)
        return Width(max(1, min(in_flight, width.most or in_flight) // 2), _MANY / 2)
    if width.most is None:
        return Width(None, share) if share > 0.001 else OPEN
    return Width(None if width.most + 1 >= concurrency else width.most + 1, share)
