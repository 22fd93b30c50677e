"""Names of people and organisations by capitals, legal forms and titles; contact data and identifiers by form."""

import re
from collections.abc import Sequence

from resources.models.reader.spans import Kind, Mention, Span
from resources.models.reader.words import STOP_WORDS, fold, word_set

_LEGAL = (
    r"Inc(?:orporated)?|Corp(?:oration)?|Company|Co|Ltd|Limited|L\.?L\.?C|L\.?L\.?P|L\.?P|P\.?L\.?C|GmbH|mbH|AG|SE|KG"
    r"|KGaA|e\.\s?V|N\.?V|B\.?V|S\.?A\.?S|S\.?A|S\.?p\.?A|S\.?r\.?l|S\.?à\.?r\.?l|S\.?L|Sp\.\s?z\s?o\.\s?o|A/S|ApS|AB"
    r"|ASA|AS|Oy|Oyj|Kft|Zrt|s\.r\.o|a\.s|d\.o\.o|Pty|Pte|Bhd|Sdn|Pvt|LLC|LLP|PLC|K\.?K|N\.A|Trust|Partnership"
)
_LEGAL_FORM = re.compile(rf"(?:{_LEGAL})\.?(?![^\W\d_])", re.IGNORECASE)
_ORGANISATION_WORDS = word_set(
    """
    university institute institut universitat universite universidad universita foundation stiftung fondation bank
    ministry ministerium department agency authority commission committee council association society union club
    college school hospital klinikum clinic court gericht group holdings holding corporation company partners
    laboratories laboratory centre center services systems technologies industries international enterprises
    enterprise federation cooperative trust fund museum library church organisation organization party movement
    front army brigade verein verband gmbh trading restaurant store hotel pharmacy academy consortium
    """
)
_CONNECTORS = word_set(
    """
    of the and & de la du des del der den von van y e et for und di da do dos das al in
    """
)
_WORD = re.compile(r"[^\W\d_][\w'’\-/]*(?:\.(?=[\w])[\w]+)*\.?|&|\d[\w¢]*|[/+](?=\s)")
_BRACKET = re.compile(rf"\s?\([A-Z][\w.\s]{{0,24}}\)\s(?:{_LEGAL})\b", re.IGNORECASE)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}\b")
_URL = re.compile(r"\b(?:https?://|www\.)[^\s<>\"')\]|]{3,200}[^\s<>\"')\]|.,;:]")
_PHONE = re.compile(r"(?<![\w.])\+?\(?\d{1,4}\)?(?:[\s./-]\(?\d{2,5}\)?){1,4}(?:[\s-]\d{1,4})?(?!\w)")
_IDENTIFIER = re.compile(r"(?<![\w#/-])#?(?=[\w/.-]{0,30}\d)[^\W_][\w/.-]{1,38}[^\W_](?![\w])")


def find_contacts(text: str) -> list[Mention]:
    """E-mail addresses, web addresses and telephone numbers."""
    found = [Mention(m.start(), m.end(), Kind.EMAIL) for m in _EMAIL.finditer(text)]
    found += [Mention(m.start(), m.end(), Kind.URL) for m in _URL.finditer(text)]
    for match in _PHONE.finditer(text):
        marked = match.group()[0] in "+(0" or "-" in match.group()
        if marked and 7 <= sum(c.isdigit() for c in match.group()) <= 15:
            found.append(Mention(match.start(), match.end(), Kind.PHONE))
    return sorted(found, key=lambda mention: mention.start)


def find_identifiers(text: str) -> list[Mention]:
    """Words with digits in them: 'INV-2019/07', 'CS00004040', '#BLR_20151'."""
    return [Mention(m.start(), m.end(), Kind.IDENTIFIER) for m in _IDENTIFIER.finditer(text)]


def _is_capital(word: str) -> bool:
    return word[0].isupper() or word[0].isdigit() or word in "&/+"


def _bracket_joins(text: str, start: int) -> bool:
    """A short bracket before a legal form belongs to the name: 'Mydin (M) Sdn Bhd'."""
    return _BRACKET.match(text, start) is not None


def _gap_joins(gap: str) -> bool:
    """Whether two words can belong to one name: a blank or one line break, or a comma before a legal form."""
    return gap.strip() == "" and gap.count("\n") <= 1 and len(gap) <= 3 and "\t" not in gap and gap != ""


def _close(text: str, words: list[re.Match[str]]) -> Mention | None:
    """The name that the words form, without leading and trailing function words; None when nothing is left."""
    while words and (fold(words[-1].group()) in _CONNECTORS or not _is_capital(words[-1].group())):
        words.pop()
    while words and (fold(words[0].group()) in STOP_WORDS or words[0].group() in "&/+"):
        words.pop(0)
    while words and words[-1].group().isdigit() and len(words[-1].group()) > 4:
        words.pop()
    while words and words[0].group().isdigit() and len(words[0].group()) > 4:
        words.pop(0)
    if not words or all(w.group()[0].isdigit() or _LEGAL_FORM.fullmatch(w.group()) for w in words):
        return None
    if ")" in (inside := text[words[0].start() : words[-1].end()]) and "(" not in inside:
        return _close(text, [word for word in words if word.start() > words[0].start() + inside.index(")")])
    start, end = words[0].start(), words[-1].end()
    formed = any(_LEGAL_FORM.fullmatch(word.group()) for word in words[1:])
    typed = any(fold(word.group()).rstrip(".") in _ORGANISATION_WORDS for word in words)
    if text[end - 1] == "." and not formed and len(words[-1].group()) > 3:
        end -= 1
    if end - start < 2 or end - start > 120:
        return None
    return Mention(start, end, Kind.ORGANISATION if formed or (typed and len(words) > 1) else Kind.NAME)


def find_names(text: str, blocks: Sequence[Span]) -> list[Mention]:
    """The names of every block (a name does not run over the end of one), in order."""
    return [name for block in blocks for name in _names_in(text, block)]


def _names_in(text: str, block: Span) -> list[Mention]:
    """Runs of capitalised words with connectors inside ('Bank of America', 'Leonard Green & Partners, L.P.')."""
    found: list[Mention] = []
    run: list[re.Match[str]] = []
    sealed = False  # a legal form ends a name, unless another legal form follows

    def flush() -> None:
        nonlocal sealed
        mention = _close(text, run)
        if mention is not None:
            found.append(mention)
        run.clear()
        sealed = False

    for match in _WORD.finditer(text, block.start, block.end):
        word = match.group()
        gap = text[run[-1].end() : match.start()] if run else ""
        legal = _LEGAL_FORM.fullmatch(word) is not None and _is_capital(word)
        bracket = bool(run) and gap in (" (", ") ", "(") and (gap == ") " or _bracket_joins(text, run[-1].end()))
        joined = bool(run) and (bracket or _gap_joins(gap) or (legal and gap in (", ", ",", ",\n", "-")))
        if run and (not joined or (sealed and not legal) or len(run) > 12 or _sentence_end(run[-1].group(), word)):
            flush()
        if _is_capital(word) or (run and fold(word) in _CONNECTORS):
            run.append(match)
            sealed = legal and len(run) > 1
        elif run:
            flush()
    flush()
    return found


def _sentence_end(word: str, following: str) -> bool:
    return (
        word.endswith(".")
        and len(word) > 4
        and "." not in word[:-1]
        and not _LEGAL_FORM.fullmatch(word)
        and following[0].isupper()
    )
