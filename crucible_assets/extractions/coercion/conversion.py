"""Conversion between units of one dimension, by factors that are exact by definition.

Sources: the International System of Units (SI Brochure, 9th edition, 2019) and the international yard and pound
agreement of 1959. Currencies are never converted, months and years never into days.
"""

from decimal import Decimal
from fractions import Fraction

# unit → (dimension, factor to the dimension's base unit, offset in the base unit)
_SCALES: dict[str, tuple[str, Fraction, Fraction]] = {}
_FACTORS: dict[str, dict[str, str]] = {
    "mass": {
        "µg": "1e-9", "mg": "1e-6", "g": "1e-3", "kg": "1", "t": "1000", "lb": "0.45359237", "oz": "0.028349523125",
    },
    "length": {
        "nm": "1e-9", "µm": "1e-6", "mm": "1e-3", "cm": "1e-2", "m": "1", "km": "1000", "in": "0.0254",
        "ft": "0.3048", "yd": "0.9144", "mi": "1609.344",
    },
    "area": {"cm²": "1e-4", "m²": "1", "ha": "10000", "km²": "1e6", "ft²": "0.09290304", "acre": "4046.8564224"},
    "volume": {"ml": "1e-3", "cl": "1e-2", "l": "1", "hl": "100", "m³": "1000"},
    "time": {"ms": "1e-3", "s": "1", "min": "60", "h": "3600", "d": "86400", "week": "604800"},
    "months": {"month": "1", "quarter": "3", "year": "12"},
    "power": {"mW": "1e-3", "W": "1", "kW": "1e3", "MW": "1e6", "GW": "1e9"},
    "energy": {"Wh": "1", "kWh": "1e3", "MWh": "1e6", "GWh": "1e9", "TWh": "1e12"},
    "voltage": {"mV": "1e-3", "V": "1", "kV": "1e3"},
    "current": {"mA": "1e-3", "A": "1"},
    "share": {"bp": "1e-4", "‰": "1e-3", "%": "1e-2", "fraction": "1"},
}  # fmt: skip
for _dimension, _units in _FACTORS.items():
    for _unit, _factor in _units.items():
        _SCALES[_unit] = (_dimension, Fraction(_factor), Fraction(0))
_SCALES |= {
    "K": ("temperature", Fraction(1), Fraction(0)),
    "°C": ("temperature", Fraction(1), Fraction("273.15")),
    "°F": ("temperature", Fraction(5, 9), Fraction("459.67") * Fraction(5, 9)),
}


def convert(value: Decimal, unit: str, wanted: str) -> Decimal | None:
    """A value in another unit of its dimension; None where there is no exact way."""
    if unit not in _SCALES or wanted not in _SCALES or _SCALES[unit][0] != _SCALES[wanted][0]:
        return None
    _, factor, offset = _SCALES[unit]
    _, wanted_factor, wanted_offset = _SCALES[wanted]
    base = Fraction(value) * factor + offset
    result = (base - wanted_offset) / wanted_factor
    return Decimal(result.numerator) / Decimal(result.denominator)


def convertible(units: frozenset[str]) -> frozenset[str]:
    """The units themselves and all from which there is an exact way to one of them."""
    dimensions = {_SCALES[unit][0] for unit in units if unit in _SCALES}
    return units | {unit for unit, (dimension, _, _) in _SCALES.items() if dimension in dimensions}
