"""Places: countries in seven languages (CLDR territory names), states and provinces, and capitals after a cue."""

import re
from functools import lru_cache

from babel import Locale

from resources.models.reader.spans import Kind, Mention
from resources.models.reader.words import fold, word_set

_LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "pl")
# First-level divisions that stand alone in documents; CLDR's territory names have countries only.
_DIVISIONS = """
Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois|Indiana
Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska
Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina|North Dakota|Ohio|Oklahoma|Oregon|Pennsylvania
Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington|West Virginia|Wisconsin
Wyoming|District of Columbia|Ontario|Quebec|British Columbia|Alberta|Manitoba|Saskatchewan|Nova Scotia|New Brunswick
England|Scotland|Wales|Northern Ireland|England and Wales|New South Wales|Victoria|Queensland|Western Australia
South Australia|Tasmania|Bavaria|Bayern|Saxony|Sachsen|Hesse|Hessen|Brandenburg|Niedersachsen|Nordrhein-Westfalen
Baden-Württemberg|Thüringen|Catalonia|Andalusia|Lombardy|Tuscany|Flanders|Wallonia|Normandy|Brittany
United States|United States of America|USA|U.S.A|UK|U.K|Great Britain|Republic of Korea|South Korea|Hong Kong
People's Republic of China|PRC|Federal Republic of Germany|Russian Federation|Republic of Ireland|Czech Republic
The Netherlands|Soviet Union|Dubai|Abu Dhabi
"""
_WORD = re.compile(r"[^\W\d_]+(?:[.'’\-][^\W\d_]+)*")
_AFTER_CUE = re.compile(
    r"\b(?:in|at|near|from|to|outside|around|(?:City|Town|Village|Municipality|County|State|Province|District|Region)"
    r" of|based in|located in|held in|born in)\s+(?:the\s+)?(?:City of\s+)?"
    r"([A-ZÀ-Þ][\w'’\-]+(?:[ ](?:(?:de|la|del|do|am|an der|sur|of)[ ])?[A-ZÀ-Þ][\w'’\-]+){0,3}"
    r"(?:,[ ][A-ZÀ-Þ][\w'’\-]+(?:[ ][A-ZÀ-Þ][\w'’\-]+)?)?)"
)
_AFTER_STREET = re.compile(  # '31, Niederthalbach', '12 High Street, Leeds', '43300 Seri Kembangan'
    r"(?:\b\d{1,4}[a-z]?,\s|\b(?:[Ss]treet|[Rr]oad|[Ll]ane|[Aa]venue|[Dd]rive|[Tt]errace|[Ss]quare|[Qq]uay|St\.|Rd\.?),?\s"
    r"|\b\d{5}\s)(?:\d{4,5}\s)?([A-ZÀ-Þ][\w'’\-]+(?:[ ][A-ZÀ-Þ][\w'’\-]+)?)"
)
_NOT_PLACES = word_set(
    """
    january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday section article exhibit schedule appendix annex table figure chapter
    """
)


@lru_cache(maxsize=1)
def _gazetteer() -> dict[str, tuple[tuple[str, ...], ...]]:
    """First folded word → the folded words of each place that begins with it, longest first."""
    names = {name for line in _DIVISIONS.split("\n") for name in line.split("|") if name.strip()}
    for language in _LANGUAGES:
        territories = Locale.parse(language).territories
        names |= {str(name) for code, name in territories.items() if not code.isdigit()}
    table: dict[str, set[tuple[str, ...]]] = {}
    for name in names:
        words = tuple(fold(word) for word in _WORD.findall(name))
        if words and len("".join(words)) > 1:
            table.setdefault(words[0], set()).add(words)
    return {first: tuple(sorted(rest, key=len, reverse=True)) for first, rest in table.items()}


def find_places(text: str) -> list[Mention]:
    """Known places (normal form 'known') and capitalised words after a cue, in order, without overlaps."""
    table = _gazetteer()
    words = [(m.start(), m.end(), m.group()) for m in _WORD.finditer(text)]
    folded = [fold(word) for _, _, word in words]
    taken = bytearray(len(text))
    found: list[Mention] = []
    for index, (start, _, word) in enumerate(words):
        if taken[start] or not word[0].isupper():
            continue
        for name in table.get(folded[index], ()):
            if tuple(folded[index : index + len(name)]) == name:
                end = words[index + len(name) - 1][1]
                if end - start > 2 or word.isupper():
                    found.append(Mention(start, end, Kind.PLACE, "known"))
                    taken[start:end] = b"\x01" * (end - start)
                break
    for match in _AFTER_CUE.finditer(text):
        start, end = match.span(1)
        if not any(taken[start:end]) and fold(match.group(1).split()[0]) not in _NOT_PLACES:
            found.append(Mention(start, end, Kind.PLACE))
    for match in _AFTER_STREET.finditer(text):
        start, end = match.span(1)
        if not any(taken[start:end]):
            found.append(Mention(start, end, Kind.PLACE, "address"))
            taken[start:end] = b"\x01" * (end - start)
    return sorted(found, key=lambda mention: mention.start)
