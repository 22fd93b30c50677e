"""Answers that say in words that there is no answer."""

import re

_WORDS = frozenset(
    """
    n/a|n.a.|n.a|na|n/k|nil|null|none|nan|unknown|undefined|unspecified|missing|absent|empty|blank|tbd|tba
    |not applicable|no answer|no value|no data|no information|no mention
    |unbekannt|keine|k.a.|k. a.|k.a|k/a|entfällt|nicht zutreffend|keine angabe|keine angaben|ohne angabe
    |inconnu|inconnue|néant|aucun|aucune|s.o.|sans objet|non applicable|non disponible
    |desconocido|desconocida|ninguno|ninguna|no aplica|no consta|no disponible
    |sconosciuto|sconosciuta|nessuno|nessuna|non disponibile|desconhecido|nenhum|nenhuma|não aplicável
    |onbekend|geen|niet van toepassing|n.v.t.|nieznany|nieznana|brak|nie dotyczy
    |неизвестно|нет данных|不明|未知|なし|無し|无|無|없음|غير معروف
    """.replace("\n", "")
    .replace("    ", "")
    .split("|")
)
_LONGEST = 300  # characters; a longer answer says something
_STATED = (
    "stated|specified|mentioned|given|provided|found|available|disclosed|indicated|reported|present|included|"
    "listed|defined|known|determinable|addressed|identified|applicable|set out|clear"
)
_NOT_STATED = re.compile(
    r"(?:(?:it|this|the \w+(?: \w+)?) (?:is|was) )?not (?:explicitly |expressly |clearly |directly )?"
    rf"(?:{_STATED})(?: (?:in|by|within|anywhere|here|at all)\b.*)?"
    r"|no (?:such )?(?:information|mention|data|details?|value|indication|evidence)(?: (?:is|was|are))?"
    r"(?: (?:available|given|provided|found|stated|of|on|about|in)\b.*)?"
    r"|(?:wird |ist |sind )?nicht (?:angegeben|genannt|erwähnt|bekannt|vorhanden|verfügbar|enthalten|ersichtlich)"
    r"(?: (?:in|im)\b.*)?"
    r"|non (?:précisée?|spécifiée?|mentionnée?|indiquée?|renseignée?|communiquée?|specificat[oa]|indicat[oa])"
    r"|no (?:se )?(?:especificad[oa]|indicad[oa]|mencionad[oa]|especifica|indica|menciona)"
    r"|niet (?:vermeld|bekend|gespecificeerd)|não (?:informad[oa]|especificad[oa]|mencionad[oa])",
    re.DOTALL,
)


def says_absent(text: str) -> bool:
    """Whether a text answer means that nothing was found: empty, a dash, 'n/a', 'not stated', 'keine Angabe'."""
    bare = " ".join(text.split()).casefold().strip(" .!\"'()[]<>*_")
    if not any(c.isalnum() for c in bare):
        return True
    return len(bare) <= _LONGEST and (
        bare in _WORDS or f"{bare}." in _WORDS or _NOT_STATED.fullmatch(bare) is not None
    )
