"""The reader's part: entities by the pattern's words, and values of one row within its own stretches."""

import asyncio
import json
from dataclasses import replace

from resources.models.reader.analysis import Analysis
from resources.models.reader.provider import Reader
from resources.models.reader.rows import rows_in
from resources.models.request import Field, ModelRequest, RowAsked, RowsWanted
from resources.vocabulary import VariableType

INVOICE = "Invoice 12\n\nItem | Qty | Unit price\nBolt | 2 | 10.00\nNut | 1 | 5.00\nTotal | | 25.00"
CASES = """## Patient 1
A man, admitted on 3 May 2021.
## Patient 2
A woman, admitted on 8 June 2022.
## Discussion
End."""
PRICE = Field("unit_price", VariableType.NUMBER, "The price of one unit.", "unit price", unit="EUR")
ADMITTED = Field("admitted", VariableType.DATE, "The date on which the patient was admitted.", "admitted")


def found(text: str, pattern: str, *known: str) -> list[str]:
    return [row["name"] for row in rows_in(Analysis(text), RowsWanted(pattern, known))]


def request(text: str, *fields: Field) -> ModelRequest:
    return ModelRequest("s", text, "f", "q", {"properties": {}}, "answer", fields, 0.1, 500)


def answered(asked: ModelRequest) -> dict:
    return json.loads(asyncio.run(Reader().generate(asked)).text)


def test_rows_of_the_table_that_the_pattern_speaks_of():
    assert found(INVOICE, "every line of the invoice") == ["Bolt", "Nut"]
    assert found(INVOICE, "every line of the invoice", "Bolt") == ["Nut"]


def test_of_several_tables_the_one_with_column_names_is_taken_and_numbering_is_no_name():
    text = (
        "Invoice 12 of Sweeney Heat Services Ltd, Unit 3, Mill Road\nPressure | 1.3 bar\nSet point | 50 C\n\n"
        "Pos. | Description | Net\n1 | Controls: two zones | 410.00\n2 | Valve | 10.00\nNet total | 420.00"
    )
    assert found(text, "every line of the invoice") == ["Controls: two zones", "Valve"]


def test_sections_and_lists_by_their_label_or_what_introduces_them():
    assert found(CASES, "each patient") == ["Patient 1", "Patient 2"]
    assert found("The board members are:\n- Ann Lee, chair\n- Bo Dahl", "each member of the board") == [
        "Ann Lee, chair", "Bo Dahl",
    ]  # fmt: skip


def test_a_register_is_taken_whole_though_the_pattern_uses_other_words():
    rows = "\n".join(f"Holder: Person {n} | Sum: {n}00 EUR" for n in range(1, 6))
    assert len(found(rows, "each grant")) == 5


def test_nothing_is_invented_where_the_pattern_speaks_of_nothing_there():
    assert found(CASES, "each supplier") == []
    assert found("A letter.\n\n- it rains\n- it pours", "each trial arm") == []


def test_a_value_is_read_within_its_row_with_the_names_of_the_columns():
    for row, price in (("Bolt | 2 | 10.00", "10.00"), ("Nut | 1 | 5.00", "5.00")):
        start = INVOICE.index(row)
        asked = replace(request(INVOICE, PRICE), row=RowAsked(row.split()[0], ((start, start + len(row)),)))
        entry = answered(asked)
        entry = entry.get("unit_price", entry)
        assert (entry["value"], entry["source_text"]) == (price, row)


def test_a_value_of_another_section_is_not_taken():
    start = CASES.index("## Patient 2")
    asked = replace(request(CASES, ADMITTED), row=RowAsked("Patient 2", ((start, CASES.index("## Disc")),)))
    entry = answered(asked)
    assert entry.get("admitted", entry)["value"] == "2022-06-08"


def test_the_places_of_a_row_are_part_of_what_a_reader_s_answer_depends_on():
    here = replace(request(INVOICE, PRICE), row=RowAsked("Bolt", ((0, 10),)))
    there = replace(here, row=RowAsked("Bolt", ((10, 20),)))
    assert Reader().parameters(here) != Reader().parameters(there)


def test_the_reader_does_not_judge_names():
    asked = replace(request("One and the other."), schema={"properties": {"same": {}, "reason": {}}})
    assert answered(asked)["same"] is None
