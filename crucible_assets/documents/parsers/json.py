"""JSON and JSON Lines as readable lines: 'path.to.name: value', labelled with the JSON path."""

import json
import re
from collections.abc import Iterator
from typing import Final, NoReturn

from crucible_assets.documents.charset import decode
from crucible_assets.documents.errors import DamagedDocument
from crucible_assets.documents.parsed import CELL_SEPARATOR, LINE_BREAK, Block, Draft, assemble, one_line
from crucible_assets.documents.parsers.office import iso_date, language_code
from resources.vocabulary import SegmentKind

Json = dict[str, "Json"] | list["Json"] | str | bool | None
MAX_DEPTH: Final = 200
_LONG: Final = 200  # characters from which a string is a paragraph of its own
_PLAIN_NAME = re.compile(r"[A-Za-z_]\w*\Z")


def parse_json(data: bytes) -> Draft:
    """Read one JSON value, or one per line (JSON Lines).

    Numbers keep their spelling. A flat object becomes one line, 'name: value | name: value'; nested ones give one
    line per value with its path; long strings stay paragraphs.
    """
    text = decode(data).text
    lines = False
    try:
        value = _loads(text)
    except json.JSONDecodeError as error:
        values = _json_lines(text)
        if values is None:
            _damaged(f"line {error.lineno}, column {error.colno}: {error.msg}", error)
        value, lines = values, True
    except RecursionError as error:
        _damaged(f"it is nested deeper than {MAX_DEPTH} levels", error)
    blocks = _blocks(value, "$", "", 0)
    body, segments = assemble(blocks)
    about = value if isinstance(value, dict) else {}
    return Draft(
        body,
        segments,
        "json",
        title=_text_of(about, "title", "name"),
        author=_text_of(about, "author", "creator"),
        created=iso_date(_text_of(about, "created", "date", "published") or ""),
        language=language_code(_text_of(about, "language", "lang") or ""),
        metadata={"json": "lines"} if lines else {},
    )


def _damaged(what: str, cause: Exception) -> NoReturn:
    raise DamagedDocument(
        f"The file is no valid JSON ({what}).", "Mend it there, or export it again from where it came."
    ) from cause


def _loads(text: str) -> Json:
    value: Json = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    return value


def _json_lines(text: str) -> Json:
    """The values of JSON Lines, None when it is not that; a broken last line means not that."""
    rows = [line for line in text.split("\n") if line.strip()]
    if len(rows) < 2:
        return None
    values: list[Json] = []
    for row in rows:
        try:
            values.append(_loads(row))
        except (json.JSONDecodeError, RecursionError):
            return None
    return values


def _text_of(about: dict[str, Json], *names: str) -> str | None:
    for name in names:
        value = about.get(name)
        if isinstance(value, str) and value.strip() and len(value) <= 500:
            return value.strip()
    return None


def _blocks(value: Json, path: str, name: str, depth: int) -> Iterator[Block]:
    """Blocks of `value`; `path` is its JSON path, `name` the readable form of it."""
    if depth > MAX_DEPTH:
        _damaged(f"it is nested deeper than {MAX_DEPTH} levels", ValueError(path))
    if isinstance(value, dict):
        # a flat object inside a list is a record; alone it is a form, one line per entry
        if path.endswith("]") and _is_flat(value):
            yield Block(_record(value), SegmentKind.TABLE_ROW, label=path, separator=LINE_BREAK)
            return
        for key, item in value.items():
            inner = f"{path}.{key}" if _PLAIN_NAME.match(key) else f"{path}[{json.dumps(key, ensure_ascii=False)}]"
            yield from _blocks(item, inner, f"{name}.{key}" if name else key, depth + 1)
    elif isinstance(value, list):
        if value and all(not isinstance(item, dict | list) for item in value):
            yield from _leaf(", ".join(_shown(item) for item in value), path, name)
            return
        for index, item in enumerate(value):
            yield from _blocks(item, f"{path}[{index}]", f"{name}[{index + 1}]" if name else "", depth + 1)
    else:
        yield from _leaf(_shown(value), path, name)


def _leaf(shown: str, path: str, name: str) -> Iterator[Block]:
    if len(shown) > _LONG or "\n" in shown:
        if name:
            yield Block(f"{name}:", SegmentKind.HEADING, label=path, level=min(6, name.count(".") + 1))
        for paragraph in re.split(r"\n\s*\n", shown):
            yield Block(paragraph, SegmentKind.PARAGRAPH, label=path)
    elif shown:
        yield Block(f"{name}: {shown}" if name else shown, SegmentKind.PARAGRAPH, label=path, separator=LINE_BREAK)


def _is_flat(value: dict[str, Json]) -> bool:
    def short(item: Json) -> bool:
        if isinstance(item, list):
            return all(not isinstance(part, dict | list) for part in item)
        return not isinstance(item, dict) and len(_shown(item)) <= _LONG

    return bool(value) and all(short(item) for item in value.values())


def _record(value: dict[str, Json]) -> str:
    cells = []
    for key, item in value.items():
        shown = ", ".join(_shown(part) for part in item) if isinstance(item, list) else _shown(item)
        if shown:
            cells.append(f"{key}: {one_line(shown)}")
    return CELL_SEPARATOR.join(cells)


def _shown(value: Json) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.strip() if isinstance(value, str) else ""
