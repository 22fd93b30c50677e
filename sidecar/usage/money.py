"""Money in answers: decimal strings, because a JSON number is a float to most who read it."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

Money = Annotated[str, Field(pattern=r"^-?\d+(\.\d+)?$", examples=["0.000412"])]
"""USD as a decimal number without an exponent."""


def money(amount: Decimal | None) -> Money | None:
    """An amount as text: all of its digits, no zeros after them; None stays None, for it is not known."""
    if amount is None:
        return None
    text = f"{amount:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def number(amount: Decimal) -> int | float:
    """A count; whole, but for shares in calls."""
    return int(amount) if amount == amount.to_integral_value() else round(float(amount), 6)
