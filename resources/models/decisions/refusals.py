"""What refusals for their rate (429) mean for all calls of a lane: nothing, as long as they come now and then.

Whoever is refused keeps the Retry-After. Everybody pauses, and half as many calls may be in flight, when refusals
come faster than that: a cumulative sum (E. S. Page, "Continuous inspection schemes", Biometrika 41, 1954) grows by 7
with each refusal, shrinks by 1 with each answer, and says so at 28: after four refusals in a row, or five among
twelve responses. An account that refuses more than every eighth call is met in the end, one that refuses all within
four; before the first answer it takes eight, because refusals come at once and answers take their time. Refusals at
random stop everybody once in several 100,000 responses if 2 % are refused, once in some 4,000 if 5 % are.

While refusals go on, the sum stays high and each of them counts at once; each answer lets one more call be in flight
(additive increase, multiplicative decrease: D. Chiu, R. Jain 1989). A provider that tells that nothing is left of a
limit is believed without all that; see `limits.wait_told`.
"""

from dataclasses import dataclass, replace

_REFUSED = 7
_ENOUGH = 28


@dataclass(frozen=True, slots=True)
class Refusals:
    """How many calls of this process may be in flight (None: as many as there are), and why.

    `decisions` counts how often everybody was stopped: a call that was sent before the last time says nothing new.
    """

    most: int | None = None
    evidence: int = -_ENOUGH
    decisions: int = 0

    def admits(self, in_flight: int) -> bool:
        """Whether one more may be sent."""
        return self.most is None or in_flight < self.most


NONE = Refusals()


def after_answer(state: Refusals, concurrency: int) -> Refusals:
    """The state after a call that was not refused."""
    if state.most is None and state.evidence == 0:
        return state
    wider = None if state.most is None or state.most + 1 >= concurrency else state.most + 1
    return replace(state, most=wider, evidence=max(0, state.evidence - 1))


def after_refusal(state: Refusals, sent_after: int, in_flight: int) -> tuple[Refusals, bool]:
    """The state after a call was refused, and whether everybody pauses for it.

    `sent_after` is `decisions` when the call was sent; `in_flight` counts the call itself.
    """
    if sent_after != state.decisions:
        return state, False
    evidence = min(state.evidence + _REFUSED, _ENOUGH)
    if evidence < _ENOUGH:
        return replace(state, evidence=evidence), False
    most = in_flight if state.most is None else min(in_flight, state.most)
    return Refusals(max(1, most // 2), evidence, state.decisions + 1), True
