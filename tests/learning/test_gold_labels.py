"""Gold finds its cells: documents by any name, entities by the rules that resolve them; what finds none is listed."""

import json
import uuid

from crucible_assets.datasets.gold import parse_gold
from crucible_assets.learning.gold_labels import gold_by_cell, label_rows
from crucible_assets.learning.matching import KnownRow

A, B, C = (uuid.UUID(int=n) for n in (1, 2, 3))


def by_cell(rows, *lines):
    return gold_by_cell(label_rows(parse_gold("\n".join(map(json.dumps, lines)), "gold")), rows)


def test_documents_are_found_by_any_name_and_alternatives_are_kept():
    rows = [KnownRow(A, "", ("north/a.txt", "old.txt")), KnownRow(B, "", ("b.txt",))]
    gold, unknown = by_cell(
        rows,
        {"doc": "old.txt", "gold": {"price": [5], "firm": ["A Ltd"]}, "alternatives": {"firm": [["A Limited"]]}},
        {"doc": "b.txt", "gold": {"price": []}},
        {"doc": "c.txt", "gold": {"price": [1]}},
    )
    assert gold == {
        (A, "", "price"): ((5,),),
        (A, "", "firm"): (("A Ltd", "A Limited"),),
        (B, "", "price"): (),
    }
    assert unknown == ("c.txt",)


def test_a_name_that_two_documents_bear_is_not_guessed():
    rows = [KnownRow(A, "", ("x/a.txt",)), KnownRow(B, "", ("y/a.txt",))]
    gold, unknown = by_cell(rows, {"doc": "a.txt", "gold": {"price": [5]}})
    assert (gold, unknown) == ({}, ("a.txt",))
    assert by_cell(rows, {"doc": "y/a.txt", "gold": {"price": [5]}})[0] == {(B, "", "price"): ((5,),)}


def test_entities_are_found_by_the_rules_that_resolve_them():
    rows = [
        KnownRow(C, "mill", ("c.txt",), "Mill & Sons Ltd", ("the mill",)),
        KnownRow(C, "oak", ("c.txt",), "Oak House"),
    ]
    gold, unknown = by_cell(
        rows,
        {
            "doc": "c.txt",
            "rows": [
                {"entity": "Mill and Sons", "gold": {"price": [5]}},
                {"entity": "The old oak", "names": ["Oak House"], "gold": {"price": [6]}},
                {"entity": "Elm Grove", "gold": {"price": [7]}},
            ],
        },
    )
    assert gold == {(C, "mill", "price"): ((5,),), (C, "oak", "price"): ((6,),)}
    assert unknown == ("c.txt Elm Grove",)
