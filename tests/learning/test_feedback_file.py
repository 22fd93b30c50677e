"""Files of verdicts: every line finds its cell or is listed with the reason."""

import io
import json
import re
import uuid

import pytest
import xlsxwriter

from crucible_assets.learning.errors import FeedbackFileError
from crucible_assets.learning.feedback_file import read_feedback
from crucible_assets.learning.labels import Judged
from crucible_assets.learning.matching import KnownRow, Matcher
from resources.vocabulary import CellState, Verdict
from tests.learning.variables import ALL

A, B, C = (uuid.UUID(int=n) for n in (1, 2, 3))
ROWS = [
    KnownRow(A, "", ("north/a.txt", "old-name.txt")),
    KnownRow(B, "", ("b.txt",)),
    KnownRow(C, "e1", ("c.txt",), "Mill Road"),
    KnownRow(C, "e2", ("c.txt",), "Lime Terrace", ("the terrace",)),
]
VALUE, ABSENT, FAILED = CellState.VALUE, CellState.ABSENT, CellState.FAILED
CELLS = {
    (A, "", "price"): Judged(VALUE, 100),
    (A, "", "signed"): Judged(ABSENT, None),
    (A, "", "parties"): Judged(VALUE, ["Ann", "Bob"]),
    (A, "", "decision"): Judged(VALUE, "approved"),
    (B, "", "price"): Judged(FAILED, None),
    (C, "e1", "price"): Judged(VALUE, 1),
    (C, "e2", "price"): Judged(VALUE, 2),
}


def matched(data, name="f.csv", author="me"):
    file = read_feedback(data if isinstance(data, bytes) else data.encode(), name)
    given, refused = Matcher(ROWS, CELLS, ALL, "en", author).match(file.lines)
    return given, [*file.refused, *refused]


def one(data, name="f.csv"):
    (given,), refused = matched(data, name)
    assert refused == []
    return given


HEAD = "document,variable,entity,verdict,corrected_value,note,author\n"


def test_a_line_becomes_a_verdict_on_the_present_cell():
    given = one(HEAD + 'a.txt,price,,incorrect,"1,250.50 EUR",net sum,ana\n')
    assert given.key == (A, "", "price")
    assert (given.verdict, given.corrected, given.judged) == (Verdict.INCORRECT, (1250.5,), Judged(VALUE, 100))
    assert (given.note, given.author) == ("net sum", "ana")


@pytest.mark.parametrize("name", ["a.txt", "north/a.txt", "old-name.txt", "somewhere/else/a.txt"])
def test_documents_are_found_by_any_name_they_bear(name):
    assert one(f"document,variable,verdict\n{name},price,CORRECT\n").key[0] == A


def test_json_lines_and_semicolons_are_read_alike():
    line = {"doc": "a.txt", "variable": "price", "verdict": "partially correct", "corrected_value": 90}
    assert one(json.dumps(line) + "\n", "f.jsonl").corrected == (90,)
    given = one("﻿Document;Variable;Verdict;Corrected value\r\na.txt;price;INCORRECT;90\r\n")
    assert (given.corrected, given.author) == ((90,), "me")


def test_absent_is_expressible_and_nothing_given_is_not_absent():
    assert one(HEAD + "a.txt,price,,INCORRECT,ABSENT,,\n").corrected == ()
    assert one(HEAD + "a.txt,price,,INCORRECT,,,\n").corrected is None
    assert one(HEAD + "a.txt,signed,,CORRECT,,,\n").judged == Judged(ABSENT, None)


def test_an_entity_is_named_where_a_document_has_several_rows():
    for name in ("lime  terrace", "The Terrace"):
        assert one(HEAD + f"c.txt,price,{name},CORRECT,,,\n").key == (C, "e2", "price")
    exported = f"row,document,variable,verdict\n{C}/e1,c.txt,price,CORRECT\n"
    assert one(exported).key == (C, "e1", "price")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("nowhere.txt,price,,CORRECT,,,", "no document of this project is called nowhere.txt"),
        ("a.txt,prize,,CORRECT,,,", "prize is no variable of this project"),
        ("a.txt,price,,RIGHT,,,", "the verdict 'RIGHT' is none of"),
        ("a.txt,price,,,90,,", "a correction without a verdict"),
        (",price,,CORRECT,,,", "document is missing"),
        ("c.txt,price,,CORRECT,,,", "c.txt has 2 rows; name the one that is meant"),
        ("c.txt,price,Elm Street,CORRECT,,,", "c.txt has no row called Elm Street"),
        ("a.txt,public,,CORRECT,,,", "this cell was not extracted yet"),
        ("a.txt,price,,INCORRECT,soon,,", "corrected_value 'soon' is no NUMBER"),
        ("a.txt,decision,,INCORRECT,aproved by me,,", "corrected_value 'aproved by me' is no CATEGORY"),
        ("a.txt,price,,CORRECT,90,,", "CORRECT, yet corrected_value is another value"),
        ("a.txt,signed,,PARTIALLY_CORRECT,,,", "an empty cell is CORRECT or INCORRECT"),
        ("b.txt,price,,INCORRECT,,,", "the cell failed, so there is nothing to judge"),
    ],
)
def test_a_line_that_cannot_be_used_is_listed_with_the_reason(line, reason):
    given, refused = matched(HEAD + line + "\n")
    assert given == []
    assert len(refused) == 1
    assert reason in refused[0].reason
    assert refused[0].number == 2


def test_no_line_is_lost():
    text = HEAD + "a.txt,price,,CORRECT,,,\nx.txt,price,,CORRECT,,,\na.txt,signed,,,,,\na.txt,price,,MAYBE,,,\n"
    file = read_feedback(text.encode(), "f.csv")
    given, refused = Matcher(ROWS, CELLS, ALL, "en", "me").match(file.lines)
    assert (len(given), len(refused), len(file.refused), file.unjudged) == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"a,b\n1,2\n", "f.csv", "columns document, variable, verdict are missing"),
        (b"document,variable,verdict\na,b,\n", "f.csv", "no line has a verdict"),
        (b"\xff\xfe", "f.csv", "UTF-8"),
        (b"{", "f.jsonl", "line 1: no JSON"),
        (b"x", "f.pdf", "give a .csv, .jsonl or .xlsx"),
        (b"x", "f.xlsx", "no workbook"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_mend(data, name, said):
    with pytest.raises(FeedbackFileError, match=re.escape(said)) as caught:
        read_feedback(data, name)
    assert name in str(caught.value)


LONG = "row,document,variable,type,value_index,value,state,confidence,verdict,corrected_value,note\n"


def test_an_exported_long_table_that_a_person_filled():
    text = (
        LONG
        + f"{A},north/a.txt,price,NUMBER,1,100,VALUE,0.9,CORRECT,,\n"
        + f"{A},north/a.txt,decision,CATEGORY,1,refused,VALUE,0.9,INCORRECT,approved,was older\n"
        + f"{A},north/a.txt,signed,DATE,,,ABSENT,,,,\n"
    )
    given, refused = matched(text)
    assert refused == []
    assert [g.key[2] for g in given] == ["price", "decision"]
    assert given[1].judged == Judged(VALUE, "refused"), (
        "the verdict is about what the file shows, not what is there now"
    )


def test_each_of_several_values_has_its_line():
    def lines(first, second):
        return LONG + f"{A},a.txt,parties,TEXT,1,Ann,VALUE,1,{first}\n{A},a.txt,parties,TEXT,2,Bob,VALUE,1,{second}\n"

    both = one(lines("CORRECT,,", "CORRECT,,"))
    assert (both.verdict, both.corrected, both.judged.value) == (Verdict.CORRECT, None, ["Ann", "Bob"])
    mended = one(lines("CORRECT,,", "INCORRECT,Rob,typing error"))
    assert (mended.verdict, mended.corrected) == (Verdict.PARTIALLY_CORRECT, ("Ann", "Rob"))
    assert mended.note == "typing error"
    fewer = one(lines("CORRECT,,", "INCORRECT,ABSENT,"))
    assert fewer.corrected == ("Ann",)
    unknown = one(lines("INCORRECT,,", "INCORRECT,,"))
    assert (unknown.verdict, unknown.corrected) == (Verdict.INCORRECT, None)


def test_a_workbook_is_read_by_the_sheet_that_has_verdicts():
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        book.add_worksheet("Data").write_row(0, 0, ["document", "price"])
        sheet = book.add_worksheet("Evidence")
        sheet.write_row(0, 0, ["document", "variable", "verdict", "corrected_value"])
        sheet.write_row(1, 0, ["a.txt", "price", "INCORRECT", 90.0])
        sheet.write_row(2, 0, ["a.txt", "signed", "", ""])
    given = one(buffer.getvalue(), "filled.xlsx")
    assert given.corrected == (90,)
    assert read_feedback(buffer.getvalue(), "filled.xlsx").unjudged == 1


def test_the_apostrophe_of_an_export_is_taken_off_again():
    assert one(HEAD + "a.txt,price,,INCORRECT,'-5,'=why,\n").corrected == (-5,)
