"""Datasets whose rows are entities: order, evidence, documents without rows, and labelled entities."""

import pytest

from crucible_assets.datasets.cells import DocumentRecord, Quoted, RowRecord
from crucible_assets.datasets.columns import ExportOptions
from crucible_assets.datasets.dataset import Dataset
from crucible_assets.datasets.errors import GoldError
from crucible_assets.datasets.evaluate import evaluate
from crucible_assets.datasets.gold import GoldRow, parse_gold
from crucible_assets.datasets.long import from_long, long
from crucible_assets.datasets.matched_rows import match_rows
from crucible_assets.datasets.reconcile import reconcile
from crucible_assets.datasets.wide import wide
from resources.vocabulary import EvidenceStatus, UnitOfObservation, VariableType
from tests.datasets.samples import ALL, cell, spec_of, variable

PRICE, COLOURS = (
    variable("price", VariableType.NUMBER),
    variable("colours", VariableType.TEXT, if_multiple_values=ALL),
)
SPEC = spec_of(PRICE, COLOURS, unit=UnitOfObservation.ENTITY)


def entity(document: str, name: str, position: int, *others: str) -> RowRecord:
    key = f"{document}-id/{name.lower()}-{position}"
    return RowRecord(key, f"{document}.pdf", name, position, others, EvidenceStatus.EXACT, f"1 {name}")


def price(row: RowRecord, value: float | None):
    return cell(row.row_key, "price", value, document_name=row.document_name, entity=row.entity)


BOLT, NUT, RING = entity("a", "Bolt", 1), entity("a", "Nut", 2), entity("b", "Ring", 1)
ROWS = (RING, NUT, BOLT)
CELLS = [price(BOLT, 2), price(NUT, 3), price(RING, None)]


def gold(*rows: tuple[str, float | None], document: str = "a.pdf") -> str:
    entries = ", ".join(
        f'{{"entity": "{name}", "gold": {{"price": [{"" if value is None else value}]}}}}' for name, value in rows
    )
    return f'{{"doc": "{document}", "rows": [{entries}]}}'


def measured(*lines: str, rows=ROWS, cells=None):
    labels = parse_gold("\n".join(lines), "gold.jsonl")
    return evaluate(SPEC, rows, CELLS if cells is None else cells, labels)


def test_rows_stand_in_the_order_of_their_document_with_their_evidence():
    frame = wide(SPEC, ROWS, CELLS)
    assert frame["_entity"].to_list() == ["Bolt", "Nut", "Ring"]
    assert frame["_entity_status"].to_list() == ["EXACT"] * 3
    assert frame["_entity_quote"].to_list() == ["1 Bolt", "1 Nut", "1 Ring"]
    bare = wide(SPEC, ROWS, CELLS, ExportOptions(state=False, evidence=False, confidence=False))
    assert bare.columns == ["_row", "_document", "_entity", "price", "colours_1"]


def test_rows_of_two_documents_of_one_name_do_not_mix():
    first, second = (RowRecord(f"{d}/x-{p}", "same.pdf", f"{d}{p}", p) for d, p in (("d1", 2), ("d2", 1)))
    third = RowRecord("d1/x-1", "same.pdf", "d11", 1)
    assert wide(SPEC, [first, second, third], [])["_entity"].to_list() == ["d11", "d12", "d21"]


def test_cells_are_counted_over_entities():
    counted = reconcile(ROWS, SPEC.variables, CELLS)
    assert (counted.expected, counted.found, len(counted.missing)) == (6, 3, 3)


def test_documents_without_entities_are_listed_and_failed_ones_are_not_among_them():
    documents = (DocumentRecord("a.pdf", 2), DocumentRecord("c.pdf", 0), DocumentRecord("d.pdf", 0, failure="lost"))
    assert Dataset(SPEC, ROWS, tuple(CELLS), documents=documents).without_rows == ("c.pdf",)


def test_every_value_carries_its_own_quote_in_the_long_table():
    quotes = (
        Quoted("it is red", EvidenceStatus.EXACT, 10, 19, 1),
        Quoted("also blue", EvidenceStatus.FUZZY, 40, 49, 2),
    )
    both = cell(
        BOLT.row_key, "colours", ["red", "blue"], evidence_quote="it is red | also blue", evidence=quotes,
        evidence_status=EvidenceStatus.EXACT, evidence_start=10, evidence_end=19, page=1,
    )  # fmt: skip
    frame = long(SPEC, [BOLT], [both]).filter(variable="colours")
    columns = ("value", "evidence_quote", "evidence_status", "evidence_start", "evidence_end", "page")
    assert frame.select(columns).rows() == [
        ("red", "it is red", "EXACT", 10, 19, 1),
        ("blue", "also blue", "FUZZY", 40, 49, 2),
    ]
    _, (again,) = from_long(SPEC, frame)
    assert (again.evidence, again.evidence_quote) == (quotes, "it is red | also blue")


def test_labelled_rows_are_read_with_other_names_and_alternatives():
    line = (
        '{"doc": "a.pdf", "rows": [{"entity": "Bolt", "names": ["Screw"], "gold": {"price": 2}, '
        '"alternatives": {"price": [[2.5]]}}]}'
    )
    (document,) = parse_gold(line, "gold.jsonl")
    assert document.rows == (GoldRow("Bolt", {"price": ((2, 2.5),)}, ("Screw",)),)
    assert document.values == {}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"doc": "a", "rows": {}}', "'rows' is no list"),
        ('{"doc": "a", "rows": [{"gold": {}}]}', "row 1: no name under 'entity'"),
        ('{"doc": "a", "rows": [{"entity": "x"}]}', "row 1: no object under 'gold'"),
        ('{"doc": "a", "rows": [], "gold": {}}', "both 'gold' and 'rows'"),
        ('{"doc": "a", "rows": [{"entity": "x", "gold": {}, "names": "y"}]}', "'names' is no list"),
    ],
)
def test_what_is_wrong_with_labelled_rows_is_said(line, problem):
    with pytest.raises(GoldError, match=problem):
        parse_gold(line, "gold.jsonl")


def test_each_labelled_entity_is_measured_against_its_own_row():
    right = measured(gold(("Bolt", 2), ("Nut", 3)))
    assert (right.strict.matched, right.strict.gold, right.strict.predicted) == (2, 2, 2)
    exchanged = measured(gold(("Bolt", 3), ("Nut", 2)))
    assert exchanged.strict.matched == 0
    assert right.rows is not None and (right.rows.matched, right.rows.gold, right.rows.predicted) == (2, 2, 2)


def test_missed_and_invented_rows_count_as_what_they_are():
    found = measured(gold(("Bolt", 2), ("Washer", 9)), gold(document="b.pdf"))
    assert found.rows is not None
    assert (found.rows.matched, found.rows.gold, found.rows.predicted) == (1, 2, 3)
    assert found.missed_rows == ("a.pdf: Washer",)
    assert found.invented_rows == ("a.pdf: Nut", "b.pdf: Ring")
    assert (found.strict.matched, found.strict.gold, found.strict.predicted) == (1, 2, 2)


def test_names_meet_by_the_rules_that_resolve_entities():
    rows = (entity("a", "ACME", 1), entity("a", "J. Smith", 2, "John Smith"), entity("a", "Patient 3", 3))
    labels = [GoldRow("Acme GmbH"), GoldRow("John Smith"), GoldRow("Patient 8")]
    matched = match_rows(labels, rows, lambda label, row: 0)
    assert [(label.entity, row.entity) for label, row in matched.pairs] == [
        ("Acme GmbH", "ACME"),
        ("John Smith", "J. Smith"),
    ]
    assert [label.entity for label in matched.missed] == ["Patient 8"]
    assert [row.entity for row in matched.invented] == ["Patient 3"]


def test_of_rows_with_one_name_those_meet_whose_values_agree():
    first, second = entity("a", "Bolt", 1), entity("a", "Bolt", 2)
    found = measured(gold(("Bolt", 7)), rows=(first, second), cells=[price(first, 5), price(second, 7)])
    assert (found.strict.matched, found.strict.gold, found.strict.predicted) == (1, 1, 2)
    assert found.invented_rows == ("a.pdf: Bolt",)


def test_gold_of_the_document_measures_all_its_rows_together():
    found = measured('{"doc": "a.pdf", "gold": {"price": [3, 2]}}')
    assert (found.strict.matched, found.strict.gold, found.strict.predicted) == (2, 2, 2)
    assert found.rows is None
