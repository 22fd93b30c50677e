"""Which of several kinds of content a client wants (RFC 9110, Accept)."""

from collections.abc import Sequence


def preferred(accept: str | None, offers: Sequence[str]) -> str:
    """The offer that `accept` wants most; of equals, and where it wants none of them, the first.

    A wildcard never chooses another than the first offer: that one is what is answered to who does not care.
    """
    wanted: dict[str, float] = {}
    for part in (accept or "").split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        wanted[kind] = _quality(parameters)
    first = max(wanted.get(kind, 0.0) for kind in (offers[0], f"{offers[0].split('/')[0]}/*", "*/*"))
    values = [first, *(wanted.get(offer, 0.0) for offer in offers[1:])]
    return offers[values.index(max(values))]


def _quality(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                number = float(value)
            except ValueError:
                return 0.0
            return number if 0 <= number <= 1 else 0.0  # also for what is no number
    return 1.0
