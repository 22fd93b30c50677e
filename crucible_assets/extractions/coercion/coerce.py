"""Coercion of one raw answer to its variable's type."""

import json
import unicodedata

from crucible_assets.extractions.coercion.absent import says_absent
from crucible_assets.extractions.coercion.boolean import coerce_boolean
from crucible_assets.extractions.coercion.category import category_form, coerce_category
from crucible_assets.extractions.coercion.coerced import Coerced
from crucible_assets.extractions.coercion.date import DateOrder, coerce_date
from crucible_assets.extractions.coercion.number import coerce_number
from resources.vocabulary import Variable, VariableType

# Characters of an answer; beyond, reading it could take long and mean nothing.
_LONGEST = {
    VariableType.NUMBER: 500,
    VariableType.DATE: 500,
    VariableType.BOOLEAN: 2000,
    VariableType.CATEGORY: 2000,
}


def coerce(
    raw: object, variable: Variable, language: str | None = None, date_order: DateOrder | None = None
) -> Coerced:
    """A raw answer (a JSON value) as a value of the variable's type, or why it is none.

    `language` is the document's (ISO 639-1, with or without region); it settles separators, month names and the
    order of dates, unless `date_order` does. Never raises for any JSON value; never makes up a value.
    """
    text = raw_text(raw)
    if raw is None or _is_absent(raw, text, variable):
        return Coerced(None, text, absent=True)
    if isinstance(raw, (dict, list)) and variable.type is not VariableType.JSON:
        return Coerced(None, text, problem=f"{text[:80]!r} is a JSON {_json_kind(raw)}, not one {variable.type}")
    if len(text) > _LONGEST.get(variable.type, len(text)):
        return Coerced(None, text, problem=f"{len(text)} characters are too many for one {variable.type}")
    match variable.type:
        case VariableType.TEXT | VariableType.LOCATION:
            return Coerced(" ".join(text.split()), text)
        case VariableType.NUMBER:
            return coerce_number(raw, text, variable.unit, language)
        case VariableType.DATE:
            return coerce_date(raw, text, language, date_order)
        case VariableType.BOOLEAN:
            return coerce_boolean(raw, text)
        case VariableType.CATEGORY:
            return coerce_category(text, variable.classification_rules)
        case VariableType.JSON:
            return _coerce_json(raw, text)


def raw_text(raw: object) -> str:
    """A JSON value as text: strings trimmed and composed (NFC), everything else as JSON; nothing for null."""
    if raw is None:
        return ""
    if isinstance(raw, str):
        return unicodedata.normalize("NFC", raw).strip()
    return json.dumps(raw, ensure_ascii=False)


def _is_absent(raw: object, text: str, variable: Variable) -> bool:
    if not isinstance(raw, str):
        return raw in ({}, [])
    names = {category_form(name) for name in variable.classification_rules}
    if variable.type is VariableType.CATEGORY and category_form(text) in names:
        return False  # a category may be called 'Unknown'
    return says_absent(text)


def _coerce_json(raw: object, text: str) -> Coerced:
    if isinstance(raw, (dict, list, bool, int, float)):
        return Coerced(raw, text)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Coerced(None, text, problem=f"{text[:80]!r} is not JSON: {error}")
    return Coerced(value, text, absent=value is None)


def _json_kind(raw: object) -> str:
    return "object" if isinstance(raw, dict) else "list"
