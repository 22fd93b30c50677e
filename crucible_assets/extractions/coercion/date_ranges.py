"""What names more or less than one date: ranges, quarters, seasons, decades, years of account."""

import re

from crucible_assets.extractions.coercion.coerced import Coerced
from crucible_assets.extractions.coercion.date_rewriting import YEAR

# Words for parts of a year, directly before or after it.
_PARTS = (
    r"[QTHS][1-4]|[1-4]Q|quarter|quartal|trimest(?:re|er)|kwartaa?ł?l?u?|kvartal|квартала?|çeyreği|四半期|季度|half|"
    r"halbjahr|semest(?:re|er)|半期|半年|spring|summer|autumn|fall|winter|frühjahr|frühling|frühsommer|sommer|herbst|"
    r"printemps|été|automne|hiver|primavera|verano|otoño|invierno|estate|autunno|inverno|verão|outono|voorjaar|lente|"
    r"zomer|najaar|herfst|wiosn[aą]|lat[oe]m?|jesie[nń]i?ą?|zim[aą]|vår(?:en)?|höst(?:en)?|весн(?:а|ой)|лето|летом|"
    r"осень|осенью|зима|зимой|春|夏|秋|冬|early|mid|late|beginning|end|anfang|mitte|ende|début|mi|fin|inizio|metà|"
    r"fine|principios|mediados|finales|begin|medio|eind"
)
_PART_OF_YEAR = re.compile(
    rf"(?:\b|(?<=第[1-4一二三四]))(?:{_PARTS})[\s,./'’-]*(?:of\s+|de\s+|del\s+|des\s+Jahres\s+|the\s+)?({YEAR})(?!\d)|"
    rf"(?<!\d)({YEAR})年?[\s,./'’-]*(?:第?[1-4一二三四]?(?:の)?|上|下)(?:{_PARTS})(?![^\W\d_])",
    re.IGNORECASE,
)
_DECADE = re.compile(rf"(?<!\d)({YEAR})(?<=0)(?:['’]?s\b|er\b|年代)|\bannées\s({YEAR})(?<=0)", re.IGNORECASE)
_YEARS = re.compile(
    rf"(?<![\d./-])({YEAR})\s*(?:[-–—/~〜～]|\b(?:to|until|through|bis|à|al|a|até|tot|do|till|по|до|and|und|et|y|e|en)\b)\s*"
    rf"({YEAR}|\d{{2}})(?![\d./-])"
)
_BETWEEN = re.compile(
    r"[\s.,]*(?:[-–—~〜～至到]|から|\b(?:to|until|till|through|bis|au|à|al|a|até|ao|t/m|tot|do|по|до|and|und|et|y|e|en|och|i|"
    r"и)\b)\s*(?:(?:the|zum|den|dem|le|el|il|o|on)\b)?\s*",
    re.IGNORECASE,
)
_LED = re.compile(r"\b(?:between|zwischen|entre|tra|fra|tussen|mellan|między|между)\b", re.IGNORECASE)
_AND = re.compile(r"\b(?:and|und|et|y|e|en|och|i|и)\b", re.IGNORECASE)


def of_year(plain: str, text: str, known: int) -> Coerced | None:
    """What names a year only in part or several of them: quarters, seasons, decades, '2019/20'. None for others.

    `known` is the length of the most complete ISO date that was found: beside a day, none of these counts.
    """
    if known == len("2020-01-01"):
        return None
    part = _PART_OF_YEAR.search(plain)
    if part is not None:
        year = part.group(1) or part.group(2)
        return Coerced(year, text, problem=f"{_short(text)} names a part of {year}; only the year is kept")
    decade = _DECADE.search(plain)
    if decade is not None:
        year = decade.group(1) or decade.group(2)
        return Coerced(year, text, problem=range_problem(text, year, str(int(year) + 9)))
    years = _YEARS.search(plain)
    if (
        known > len("2020")
        or years is None
        or any(c.isdigit() for c in plain[: years.start()] + plain[years.end() :])
    ):
        return None
    first, last = years.groups()
    last = last if len(last) == 4 else first[:2] + last
    led = _LED.search(plain) or not _AND.search(plain[years.start(1) : years.end()])
    return Coerced(first, text, problem=range_problem(text, first, last)) if led and first < last else None


def joins(plain: str, start: int, end: int) -> bool:
    """Whether the words between two dates make a range of them; 'and' does only after 'between'."""
    between = plain[start:end]
    return _BETWEEN.fullmatch(between) is not None and bool(_LED.search(plain) or not _AND.search(between))


def range_problem(text: str, first: str | None, last: str | None) -> str:
    """Why a range is no date, naming both its ends."""
    return f"{_short(text)} is a range from {first} to {last}, not one date; its beginning is kept"


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:79] + "…")
