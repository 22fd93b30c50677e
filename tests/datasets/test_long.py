import datetime

from hypothesis import given
from hypothesis import strategies as st

from crucible_assets.datasets.cells import CellRecord
from crucible_assets.datasets.columns import ExportOptions
from crucible_assets.datasets.long import LONG_SCHEMA, from_long, long
from crucible_assets.datasets.wide import wide
from resources.vocabulary import CellState, EvidenceStatus, IfMultipleValues, UnitOfObservation, VariableType
from tests.datasets.samples import LOAN_CELLS, LOAN_ROWS, LOANS, cell, row, spec_of, variable

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
).filter(lambda value: value is not None)
VALUES = {
    VariableType.TEXT: TEXT,
    VariableType.LOCATION: TEXT,
    VariableType.CATEGORY: st.sampled_from(["term", "+line", ""]),
    VariableType.NUMBER: st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False),
    VariableType.DATE: st.dates(datetime.date(1000, 1, 1)).map(str) | st.just("2020-05"),
    VariableType.BOOLEAN: st.booleans(),
    VariableType.JSON: JSON,
}


@st.composite
def datasets(draw):
    types = draw(st.lists(st.sampled_from(VariableType), min_size=1, max_size=3))
    variables = [
        variable(f"v{n}", type_, if_multiple_values=draw(st.sampled_from(IfMultipleValues)))
        for n, type_ in enumerate(types)
    ]
    keys = draw(st.lists(st.sampled_from("abcd"), unique=True, max_size=3))
    rows = [row(key, draw(st.sampled_from(["one.pdf", "two.pdf"])), draw(st.none() | TEXT)) for key in keys]
    cells = [draw(cells_of(of_row, v)) for of_row in rows for v in variables if draw(st.integers(0, 9))]
    return spec_of(*variables, unit=draw(st.sampled_from(UnitOfObservation))), rows, cells


@st.composite
def cells_of(draw, of_row, of_variable):
    single = VALUES[of_variable.type]
    value = draw(st.none() | (st.lists(single, max_size=3) if of_variable.multiple else single))
    return CellRecord(
        row_key=of_row.row_key,
        document_name=of_row.document_name,
        entity=of_row.entity,
        variable=of_variable.name,
        state=draw(st.sampled_from(CellState)),
        value=value,
        raw=draw(st.none() | TEXT),
        confidence=draw(st.none() | st.floats(0, 1)),
        evidence_quote=draw(st.none() | TEXT),
        evidence_status=draw(st.sampled_from(EvidenceStatus)),
        page=draw(st.none() | st.integers(1, 99)),
        place_label=draw(st.none() | TEXT),
        prompt_version=draw(st.integers(1, 5)),
        model="reader",
    )


@given(datasets(), st.sampled_from(["columns", "joined"]))
def test_wide_made_from_long_equals_wide_made_from_cells(dataset, multiple):
    spec, rows, cells = dataset
    options = ExportOptions(prompt_version=True, locations=True, multiple=multiple)
    again = wide(spec, *from_long(spec, long(spec, rows, cells)), options)
    assert again.equals(wide(spec, rows, cells, options))


def test_one_row_per_value_in_the_order_of_rows_variables_and_values():
    frame = long(LOANS, LOAN_ROWS, LOAN_CELLS)
    assert frame.schema == LONG_SCHEMA
    parties = frame.filter(variable="parties")
    assert parties.select("row", "value_index", "value").rows() == [
        ("a", 1, "Bank A"),
        ("a", 2, "+49 GmbH"),
        ("b", 1, 'Bürgschaft, "Nord"\r\nKG'),
        ("c", None, None),
    ]


def test_numbers_stand_as_numbers_too_and_reasons_are_kept():
    amounts = long(LOANS, LOAN_ROWS, LOAN_CELLS).filter(variable="amount")
    assert amounts["value_number"].to_list() == [-1000.5, 250.0, None]
    assert amounts["reasons"].to_list() == [None, None, "no call; budget"]


def test_a_pair_without_a_cell_has_a_row_without_a_state():
    spec = spec_of(variable("x", VariableType.TEXT))
    frame = long(spec, [row("a"), row("b")], [cell("b", "x", "1")])
    assert frame.select("row", "state").rows() == [("a", None), ("b", "VALUE")]
    rows, cells = from_long(spec, frame)
    assert [r.row_key for r in rows] == ["a", "b"]
    assert [c.row_key for c in cells] == ["b"]


def test_text_with_half_a_surrogate_pair_is_made_sound():
    frame = long(spec_of(variable("x", VariableType.TEXT)), [row("a")], [cell("a", "x", "x\ud800")])
    assert frame["value"].to_list() == ["x\ufffd"]
