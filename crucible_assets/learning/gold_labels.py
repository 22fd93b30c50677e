"""Gold as it is stored, and which cell each of its labels is about."""

from collections.abc import Sequence

from crucible_assets.datasets.cells import RowRecord
from crucible_assets.datasets.gold import GoldDocument, GoldRow
from crucible_assets.datasets.gold import Values as GoldValues
from crucible_assets.datasets.matched_rows import match_rows
from crucible_assets.learning.labels import CellKey, Values
from crucible_assets.learning.matching import KnownRow, base_name
from resources.database.repositories.labels import LabelRow


def label_rows(gold: Sequence[GoldDocument]) -> list[LabelRow]:
    """Gold as `labels` keeps it: the values of documents, and of the entities in them by all their names."""
    rows: list[LabelRow] = []
    for document in gold:
        rows += _rows(document.document, "", document.values)
        for row in document.rows or ():
            rows += _rows(document.document, "\n".join((row.entity, *row.other_names)), row.values)
    return rows


def _rows(document: str, row_name: str, values: GoldValues) -> list[LabelRow]:
    return [
        LabelRow(document, row_name, name, [list(spellings) for spellings in spelled])
        for name, spelled in values.items()
    ]


def gold_by_cell(
    stored: Sequence[LabelRow], rows: Sequence[KnownRow]
) -> tuple[dict[CellKey, Values], tuple[str, ...]]:
    """Gold values by cell, and the documents and entities that are not there or not one alone.

    Documents are found by any name that they bear, entities by the rules that resolve them.
    """
    by_name: dict[str, list[KnownRow]] = {}
    for row in rows:
        for name in {part for full in row.names for part in (full, base_name(full))}:
            by_name.setdefault(name, []).append(row)
    of_document: dict[str, list[LabelRow]] = {}
    for label in stored:
        of_document.setdefault(label.document_name, []).append(label)
    gold: dict[CellKey, Values] = {}
    unknown: dict[str, None] = {}
    for name, labels in of_document.items():
        there = by_name.get(name) or by_name.get(base_name(name)) or []
        found = _cells_of(labels, there) if len({row.document for row in there}) == 1 else {}
        for label in labels:
            place = found.get(label.row_name)
            if place is None:
                unknown[" ".join(f"{name} {label.row_name}".split())] = None
            else:
                key = (place.document, place.row_key, label.variable)
                gold[key] = tuple(tuple(spellings) for spellings in label.values)
    return gold, tuple(unknown)


def _cells_of(labels: Sequence[LabelRow], rows: Sequence[KnownRow]) -> dict[str, KnownRow]:
    """The row of each name that labels of one document give."""
    whole = [row for row in rows if row.entity is None]
    found = {"": whole[0]} if len(whole) == 1 else {}
    by_key = {row.row_key: row for row in rows if row.entity is not None}
    names = dict.fromkeys(label.row_name for label in labels if label.row_name)
    wanted = {text: GoldRow(text.split("\n")[0], other_names=tuple(text.split("\n")[1:])) for text in names}
    records = [RowRecord(key, "", entity=row.entity, other_names=row.other_entities) for key, row in by_key.items()]
    matched = match_rows(tuple(wanted.values()), records, lambda label, row: 0)
    row_of = {(label.entity, *label.other_names): by_key[row.row_key] for label, row in matched.pairs}
    return found | {text: row for text in wanted if (row := row_of.get(tuple(text.split("\n")))) is not None}
