"""BOOLEAN: yes and no, in the words of many languages."""

import re

from crucible_assets.extractions.coercion.coerced import Coerced
from crucible_assets.extractions.coercion.wordlist import wordlist

_YES = frozenset(
    wordlist(
        "true yes y t 1 on ja j wahr oui vrai si sí verdadero vero sim verdadeiro tak prawda ano yes да是 да истина "
        "true はい 是 真 对 예 네 نعم כן igen evet kyllä tosi jah da present correct affirmative"
    )
)
_NO = frozenset(
    wordlist(
        "false no n f 0 off nein falsch non faux falso não nao nee onwaar nie falsz fałsz ne нет ложь いいえ 否 假 "
        "아니요 아니오 لا לא nem hayır ei epätosi nej nei negative incorrect"
    )
)
_FIRST_WORD = re.compile(r"\W*([\w']+)(.*)", re.DOTALL)
_NEGATED = re.compile(r"\b(?:not|nicht|n'est pas|pas|non|no es|non è|não é|niet)\s+(\w+)", re.IGNORECASE)
_CONTRADICTION = re.compile(r"^\W*(?:and|or|und|oder|et|ou|y|o|e|/)\b", re.IGNORECASE)


def coerce_boolean(raw: object, text: str) -> Coerced:
    """True or False from a JSON boolean, 0 or 1, or a text that is or begins with yes or no.

    'Not true' is False. A sentence that neither says yes nor no is a problem, never a guess.
    """
    if isinstance(raw, bool):
        return Coerced(raw, text)
    if isinstance(raw, (int, float)):
        if raw in (0, 1):
            return Coerced(bool(raw), text)
        return Coerced(None, text, problem=f"{text!r} is neither true nor false")
    whole = _word(text)
    if whole is not None:
        return Coerced(whole, text)
    negated = _NEGATED.match(text.strip())
    if negated is not None and _word(negated.group(1)) is not None:
        return Coerced(not _word(negated.group(1)), text)
    first = _FIRST_WORD.match(text)
    if first is not None:
        leading, rest = _word(first.group(1)), first.group(2)
        # 'Yes, the agreement says so' says yes; 'No agreement was made' and 'yes or no' say neither.
        if leading is not None and re.match(r"\s*[,.;:!()–—-]", rest) and not _CONTRADICTION.match(rest):
            return Coerced(leading, text)
    return Coerced(None, text, problem=f"{_short(text)!r} is neither yes nor no")


def _word(text: str) -> bool | None:
    bare = text.casefold().strip(" .!,;:\"'()[]*_\n\t")
    if bare in _YES:
        return True
    return False if bare in _NO else None


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"
