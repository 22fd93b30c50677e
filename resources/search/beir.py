"""Sets of judged queries in BEIR's form: what is searched, what is asked, and what answers it.

A folder with `corpus.jsonl` (`_id`, `title`, `text`, perhaps `metadata`), `queries.jsonl` (`_id`, `text`) and
`qrels.tsv`, or `qrels/test.tsv` (query, entry, a whole number above 0 for what is relevant; with or without a
header), as published by Thakur, Reimers, Rücklé, Srivastava and Gurevych (2021).
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_QRELS = ("qrels.tsv", "qrels/test.tsv")


class BeirError(ValueError):
    """A set cannot be used; the message names the file, the line and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a corpus. `title` and `text` may be empty."""

    id: str
    title: str
    text: str
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class JudgedSet:
    """A corpus, queries by id, and for each of them how relevant entries are (1 and more; others are not).

    `unjudged` queries have no relevant entry and measure nothing. `digest` is of corpus, queries and judgements:
    figures of sets with the same one may be compared.
    """

    entries: tuple[Entry, ...]
    queries: Mapping[str, str]
    relevant: Mapping[str, Mapping[str, int]]
    unjudged: tuple[str, ...]
    digest: str


def read_set(folder: Path, *, queries: Path | None = None, qrels: Path | None = None) -> JudgedSet:
    """The set in a folder; queries and judgements may come from elsewhere, in another language say.

    Raises BeirError.
    """
    qrels = qrels or next((folder / name for name in _QRELS if (folder / name).is_file()), folder / _QRELS[0])
    entries = tuple(_entries(folder / "corpus.jsonl"))
    asked = {id_: text for id_, text, _ in _lines(queries or folder / "queries.jsonl")}
    known = {entry.id for entry in entries}
    if not entries or not asked:
        raise BeirError(f"{folder}: there are {len(entries)} entries and {len(asked)} queries; both are needed.")
    relevant: dict[str, dict[str, int]] = {}
    for query, entry, score in _judgements(qrels):
        if score > 0 and query in asked:
            if entry not in known:
                raise BeirError(f"{qrels}: the query {query!r} names {entry!r}, which the corpus does not have.")
            relevant.setdefault(query, {})[entry] = score
    if not relevant:
        raise BeirError(f"{qrels}: none of the queries has a relevant entry.")
    unjudged = tuple(query for query in asked if query not in relevant)
    digest = hashlib.sha256()
    for part in ([[e.id, e.title, e.text] for e in entries], sorted(asked.items()), relevant):
        digest.update(json.dumps(part, sort_keys=True).encode())
    return JudgedSet(entries, asked, relevant, unjudged, digest.hexdigest())


def _entries(path: Path) -> Iterator[Entry]:
    for id_, text, data in _lines(path):
        metadata = data.get("metadata") or {}
        yield Entry(id_, str(data.get("title") or ""), text, metadata if isinstance(metadata, dict) else {})


def _lines(path: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(id, text, all of it) of every line."""
    seen: set[str] = set()
    for number, line in _read(path):
        try:
            data = json.loads(line)
        except json.JSONDecodeError as error:
            raise BeirError(f"{path}, line {number}: this is not JSON: {error}.") from None
        if not isinstance(data, dict) or not isinstance(data.get("text"), str) or data.get("_id") in (None, ""):
            raise BeirError(f"{path}, line {number}: an object with `_id` and `text` is needed.")
        id_ = str(data["_id"])
        if id_ in seen:
            raise BeirError(f"{path}, line {number}: {id_!r} stands there twice.")
        if not id_.isprintable() or "\\u0000" in line or not _encodable(data):
            raise BeirError(f"{path}, line {number}: it has characters that cannot be stored.")
        seen.add(id_)
        yield id_, data["text"], data


def _encodable(data: dict[str, Any]) -> bool:
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _judgements(path: Path) -> Iterator[tuple[str, str, int]]:
    for number, line in _read(path):
        parts = line.rstrip("\r\n").split("\t")
        try:
            query, entry, score = parts[0], parts[1], int(parts[2])
        except (IndexError, ValueError):
            if number == 1:  # the header
                continue
            raise BeirError(
                f"{path}, line {number}: a query, an entry and a whole number, with tabs between them, are needed."
            ) from None
        yield query, entry, score


def _read(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from ((number, line) for number, line in enumerate(file, 1) if line.strip())
    except OSError as error:
        raise BeirError(f"{path}: it cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise BeirError(f"{path}: this is not UTF-8: {error.reason} at byte {error.start}.") from None
