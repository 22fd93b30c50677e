import csv
import io

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crucible_assets.exports.csv_files import write_csv
from crucible_assets.exports.formulas import guarded, is_dangerous, unguarded

TEXT = st.text(st.sampled_from("=+-@＝＋\t\r\n'a1,\"; ") | st.characters(codec="utf-8"), max_size=6)


@pytest.mark.parametrize("start", list("=+-@\t\r\n＝＋－＠"))
def test_text_that_could_run_as_a_formula_gets_an_apostrophe(start):
    assert guarded(pl.DataFrame({"x": [f"{start}1+1"]})).item() == f"'{start}1+1"


def test_other_text_numbers_and_nulls_stay():
    frame = pl.DataFrame({"x": ["a=b", " =x", "'quoted'", "", None], "n": [-1.5, -2.0, 0.0, 3.0, None]})
    assert guarded(frame).equals(frame)


def test_column_names_are_guarded_too():
    assert guarded(pl.DataFrame({"=cmd": ["x"]})).columns == ["'=cmd"]


@given(st.lists(TEXT | st.none(), min_size=1))
@example(["=a", "'=a", "''=a", "'a"])
def test_guarding_can_be_undone_exactly_and_leaves_nothing_dangerous(texts):
    frame = pl.DataFrame({"x": pl.Series(texts, dtype=pl.String)})
    safe = guarded(frame)
    assert unguarded(safe).equals(frame)
    assert not any(is_dangerous(text) for text in safe["x"].drop_nulls())


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=5))
def test_any_text_comes_back_from_the_csv_file(pairs):
    frame = pl.DataFrame(pairs, schema={"x": pl.String, "y": pl.String}, orient="row")
    file = io.BytesIO()
    write_csv(frame, file)
    records = list(csv.reader(io.StringIO(file.getvalue().decode(), newline=""), strict=True))
    again = pl.DataFrame(records[1:], schema={"x": pl.String, "y": pl.String}, orient="row")
    assert unguarded(again).equals(frame)
