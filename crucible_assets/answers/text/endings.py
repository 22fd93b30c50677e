"""Where a sentence ends: full stops that are none, in the languages that documents are written in most.

One set for all languages, as what a model writes is of no declared language. Where it is in doubt the sentence goes
on: two sentences in one are checked together, while half a sentence says something that nobody said.
"""

import regex

from resources.models.reader.words import word_set
from resources.search.guarded_words import calendar_names

CLOSERS = "\"'“”’»›)\\]』」）*_~"
"""What may stand between the end of a sentence and the white space after it; of a regular expression's set."""

TERMINATOR = regex.compile(rf"(?:[.!?…؟۔।]{{1,40}}|(?P<wide>[。！？｡]{{1,40}}))(?P<closers>[{CLOSERS}]*)")

# never the last word of a sentence
_BEFORE_MORE = word_set(
    "mr mrs ms messrs dr prof st hr fr hrn dipl ing bzw ca vgl z.b z.t d.h u.a i.d.r s.o s.u u.u o.ä e.g i.e cf "
    "approx viz inkl exkl zzgl abzgl max min geb gem lt vs ggf evtl sog p.ex par.ex c.-à-d mme mlle mm me env esp "
    "incl excl resp tel jan feb febr apr jun jul aug sept okt oct nov dez dec janv févr avr juil déc rd sra dna sig "
    "dott avv"
)
# an abbreviation before a number only: `No. 3`, and not `The answer was no.`
_BEFORE_NUMBER = word_set(
    "no nos nr nrn art arts abs sec secs fig figs eq eqs ch chap vol vols p pp s para paras ziff rn rdnr kap tab "
    "abb bd anl anm n° lit al sp tz az n num núm cap pag pág pt"
)
# may end a sentence, and does where a capital follows
_MAY_END = word_set("etc usw usf ltd inc co corp plc llc bros gmbh a.m p.m jr sr al ff f st str est dept ag")
_DOTTED = regex.compile(r"(?:\p{L}\.)+\p{L}")
_LAST_WORD = regex.compile(r"[\p{L}\p{M}\p{N}.°-]*$")
# after these a number with a full stop is an ordinal: `am 3. April`, `im 2. Quartal`
_BEFORE_ORDINAL = word_set(
    "am der die das den dem des im zum vom beim ab bis seit ein eine einen einem einer eines jeder jede jedes jeden "
    "in zur ihr ihre sein seine dieser diese dieses und"
)
_FOLLOWING_WORD = regex.compile(r"\s+(\p{L}+)")
_WORD_BEFORE = regex.compile(r"(\p{L}+)\s+$")
_ROMAN_OR_NUMBER = regex.compile(r"\s*[(§]?(?:\d|[IVXLC]+\b)")
_LONGEST_WORD = 24
_QUOTED_GOES_ON = "とっでなをはがにの"  # particles of Japanese after a quoted sentence


def continues(text: str, match: "regex.Match[str]", after: int, *, marked: bool) -> bool:
    """Whether the sentence goes on behind a terminator, of which `match` is one of `TERMINATOR`.

    `after` is the first character behind it and the white space and citation marks that follow it, `marked` whether
    such marks stand there. What comes after must be in `text` already, as far as there is any.
    """
    following = text[after : after + 1]
    if match["wide"]:
        return bool(match["closers"]) and following != "" and following in _QUOTED_GOES_ON
    stop = match.start()
    before = text[max(0, stop - _LONGEST_WORD) : stop]
    word = _LAST_WORD.search(before)
    last = word.group().casefold().strip("-") if word else ""
    if text[stop : stop + 1] != "." or text[stop : stop + 2] == "..":
        return following.islower() and not marked
    if marked:
        return following.islower() and (last in _BEFORE_MORE or last in _MAY_END)
    if following.islower() or last in _BEFORE_MORE:
        return True
    if last in _BEFORE_NUMBER and _ROMAN_OR_NUMBER.match(text, after):
        return True
    if last.isdecimal():
        return len(last) <= 2 and _is_ordinal(text, before[: len(before) - len(last)], match.end())
    if last in _MAY_END:
        return following.isdecimal() or following in ("(", "[")
    return (len(last) == 1 and last.isalpha()) or _DOTTED.fullmatch(last) is not None


def _is_ordinal(text: str, before: str, end: int) -> bool:
    following = _FOLLOWING_WORD.match(text, end)
    if following is not None and following.group(1).casefold() in calendar_names():
        return True
    word = _WORD_BEFORE.search(before)
    return word is not None and word.group(1).casefold() in _BEFORE_ORDINAL
