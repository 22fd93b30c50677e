"""Units of numbers: which words mean the same unit, and the multipliers that stand with them."""

import re
from decimal import Decimal

# name → spellings (case-folded). Symbols shared by several units name them all; the variable's own unit decides.
_UNITS: dict[str, str] = {
    "EUR": "eur € euro euros",
    "USD": "usd $ us$ usd$ dollar dollars",
    "CAD": "cad $ c$ ca$ cad$ dollar dollars",
    "AUD": "aud $ a$ au$ dollar dollars",
    "NZD": "nzd $ nz$ dollar dollars",
    "SGD": "sgd $ s$ dollar dollars",
    "HKD": "hkd $ hk$ dollar dollars",
    "MXN": "mxn $ mx$ peso pesos",
    "GBP": "gbp £ pound pounds sterling",
    "JPY": "jpy ¥ 円 yen",
    "CNY": "cny rmb ¥ 元 yuan renminbi",
    "CHF": "chf fr. sfr franken",
    "INR": "inr ₹ rs rs. rupee rupees",
    "KRW": "krw ₩ 원 won",
    "BRL": "brl r$ real reais",
    "MYR": "myr rm ringgit",
    "SEK": "sek kr kr. kronor krona",
    "NOK": "nok kr kr. kroner krone",
    "DKK": "dkk kr kr. kroner krone",
    "PLN": "pln zł zloty",
    "CZK": "czk kč",
    "HUF": "huf ft forint",
    "RUB": "rub ₽ руб руб. рублей рубля рубль",
    "TRY": "try ₺ tl lira",
    "ZAR": "zar rand",
    "ILS": "ils ₪ nis shekel",
    "%": "% percent pct per-cent prozent pourcent procent procento percento porcentaje",
    "‰": "‰ permille promille",
    "bp": "bp bps basispunkte",
    "fraction": "fraction share proportion ratio anteil",
    "ms": "ms msec millisecond milliseconds",
    "s": "s sec secs second seconds sekunde sekunden seconde secondes",
    "min": "min mins minute minutes minuten",
    "h": "h hr hrs hour hours stunde stunden heure heures std",
    "d": "d day days tag tage tagen jour jours día días dias",
    "week": "week weeks wk wks woche wochen semaine semaines",
    "month": "month months mo monat monate monaten mois mes meses",
    "quarter": "quarter quarters quartal quartale trimestre trimestres",
    "year": "year years yr yrs jahr jahre jahren an ans année années año años anno anni",
    "mg": "mg milligram milligrams",
    "µg": "µg μg mcg ug",
    "g": "g gram grams gramm gramme grammes",
    "kg": "kg kilogram kilograms kilogramm kilo kilos",
    "t": "t tonne tonnes tonnen",
    "lb": "lb lbs pound pounds",
    "oz": "oz ounce ounces",
    "nm": "nm",
    "µm": "µm μm micrometer micrometre micrometers micron microns",
    "mm": "mm millimeter millimetre millimeters",
    "cm": "cm centimeter centimetre centimeters",
    "m": "m metre metres meter meters mètre mètres",
    "km": "km kilometer kilometers kilometre kilometres kilomètres",
    "mi": "mi mile miles",
    "ft": "ft feet foot",
    "yd": "yd yard yards",
    "in": "inch inches",
    "cm²": "cm² cm2",
    "m²": "m² m2 sqm qm",
    "km²": "km² km2",
    "ft²": "ft² ft2 sqft",
    "ha": "ha hectare hectares hektar",
    "acre": "acre acres",
    "ml": "ml millilitre millilitres milliliter milliliters",
    "cl": "cl",
    "l": "l litre litres liter liters",
    "hl": "hl",
    "m³": "m³ m3 cbm",
    "°C": "°c ℃ celsius",
    "°F": "°f ℉ fahrenheit",
    "K": "kelvin",
    "W": "w watt watts",
    "kW": "kw kilowatt kilowatts",
    "MW": "mw megawatt megawatts",
    "GW": "gw gigawatt gigawatts",
    "Wh": "wh",
    "kWh": "kwh",
    "MWh": "mwh",
    "GWh": "gwh",
    "TWh": "twh",
    "V": "v volt volts",
    "kV": "kv",
    "A": "ampere amperes amps",
}
_EXACT = frozenset({"K", "mW"})  # known by their case: 'k' is a thousand, 'MW' a million watts
_MEANINGS: dict[str, frozenset[str]] = {}
for _name, _spellings in _UNITS.items():
    for _spelling in _spellings.split():
        _MEANINGS[_spelling] = _MEANINGS.get(_spelling, frozenset()) | {_name}

_CURRENCIES = frozenset(name for name in _UNITS if len(name) == 3 and name.isupper())

# Multipliers. The long scale ('billion' = 10^12) holds in the languages of _LONG_SCALE.
_MULTIPLIERS = {
    "k": 3, "thousand": 3, "thousands": 3, "tsd": 3, "tausend": 3, "mille": 3, "mila": 3, "duizend": 3,
    "тыс": 3, "lakh": 5, "lakhs": 5, "lac": 5,
    "million": 6, "millions": 6, "mio": 6, "mill": 6, "mln": 6, "millionen": 6, "millón": 6,
    "millones": 6, "milione": 6, "milioni": 6, "milhão": 6, "milhões": 6, "miljoen": 6, "млн": 6, "crore": 7,
    "crores": 7, "cr": 7,
    "bn": 9, "bln": 9, "billion": 9, "billions": 9, "mrd": 9, "milliarde": 9, "milliarden": 9, "milliard": 9,
    "milliards": 9, "miliardi": 9, "miljard": 9, "млрд": 9,
    "tys": 3, "tysięcy": 3, "tysiące": 3, "тысяч": 3, "тысячи": 3, "тысяча": 3, "tusen": 3, "tusind": 3,
    "milion": 6, "miliony": 6, "milionów": 6, "миллион": 6, "миллиона": 6, "миллионов": 6, "milyon": 6, "mn": 6,
    "miljon": 6, "miljoner": 6, "milj": 6, "millioner": 6, "مليون": 6, "مليار": 9, "ألف": 3, "آلاف": 3,
    "miliard": 9, "miliardy": 9, "miliardów": 9, "miliardo": 9, "миллиард": 9, "миллиарда": 9, "миллиардов": 9,
    "milyar": 9, "miljarder": 9, "bilhão": 9, "bilhões": 9, "mld": 9,
    "trillion": 12, "trillions": 12, "tn": 12, "billionen": 12, "万": 4, "萬": 4, "億": 8, "亿": 8, "兆": 12,
    "천": 3, "만": 4, "만원": 4, "억": 8, "억원": 8, "조": 12, "조원": 12,
}  # fmt: skip
_DOZENS = frozenset({"dozen", "dutzend", "douzaine", "douzaines", "docena", "docenas"})
_LONG_SCALE = frozenset({"de", "fr", "es", "it", "nl", "da", "sv", "nb", "no", "fi", "pl", "cs", "hu", "pt"})
CURRENCY_MULTIPLIERS = {"m": 6, "mm": 6, "b": 9}  # powers of ten; lengths or something else without a currency


_IN_THOUSANDS = re.compile(r"[TtKk](?:EUR|USD|GBP|CHF|€|\$|£)")


def meanings(spelling: str) -> frozenset[str]:
    """The units that a word or symbol may mean; empty for other words."""
    if spelling in _EXACT:
        return frozenset({spelling})
    form = spelling.casefold()
    if in_thousands(spelling):
        form = form[1:]
    return _MEANINGS.get(form) or _MEANINGS.get(form.rstrip(".")) or frozenset()


def in_thousands(spelling: str) -> bool:
    """Whether it is a currency with the prefix of thousands: 'TEUR', 'k€'."""
    return _IN_THOUSANDS.fullmatch(spelling) is not None


def is_currency(spelling: str) -> bool:
    """Whether a word or symbol may mean a currency."""
    return bool(meanings(spelling) & _CURRENCIES)


def multiplier(word: str, language: str | None) -> Decimal | None:
    """The factor that a word after a number stands for ('k', 'Mio.', 'billion'); None for other words."""
    bare = word.casefold().rstrip(".")
    if bare in ("billion", "billions") and (language or "")[:2].lower() in _LONG_SCALE:
        return Decimal(10) ** 12
    if bare == "bin" and (language or "")[:2].lower() == "tr":
        return Decimal(1000)
    if bare == "mil" and (language or "")[:2].lower() in ("es", "pt"):
        return Decimal(1000)
    if bare in _DOZENS:
        return Decimal(12)
    power = _MULTIPLIERS.get(bare)
    return None if power is None else Decimal(10) ** power


def split_unit(unit: str | None, language: str | None) -> tuple[frozenset[str], Decimal]:
    """A variable's unit as (units it may mean, its multiplier).

    'million EUR' and 'EUR million' are ({'EUR'}, 10^6); 'TEUR' and 'k€' are thousands; 'widgets' is no known unit.
    """
    factor = Decimal(1)
    rest: list[str] = []
    for word in re.split(r"[\s_]+", (unit or "").strip()):
        known = multiplier(word, language) if not meanings(word) else None
        if known is not None:
            factor *= known
        elif word:
            rest.append(word)
    base = " ".join(rest)
    if in_thousands(base):
        factor *= 1000
    return meanings(base), factor
