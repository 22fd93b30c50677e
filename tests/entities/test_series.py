"""Rows, items, numbered sections and enumerations of a text, as they can be counted."""

from hypothesis import given
from hypothesis import strategies as st

from resources.models.reader.series import Series, SeriesKind, roman, series_of


def items(text: str, kind: SeriesKind) -> list[list[str]]:
    return [[item.of(text) for item in series.items] for series in series_of(text) if series.kind is kind]


def only(text: str) -> Series:
    (series,) = series_of(text)
    return series


def test_rows_of_a_table_without_header_rule_and_totals():
    text = "Item | Qty | Price\n--- | --- | ---\nBolt | 2 | 10.00\nNut | 1 | 5.00\nTotal | | 15.00"
    assert items(text, SeriesKind.TABLE) == [["Bolt | 2 | 10.00", "Nut | 1 | 5.00"]]


def test_a_table_goes_on_after_a_page_break_with_its_header_repeated():
    text = "Item | Qty\nBolt | 2\nNut | 1\n\nItem | Qty\nScrew | 3\nRing | 9"
    assert items(text, SeriesKind.TABLE) == [["Bolt | 2", "Nut | 1", "Screw | 3", "Ring | 9"]]


def test_rows_that_carry_their_column_names():
    text = "Grants\n\nNumber | Holder\nNumber: 1 | Holder: Ann\nNumber: 2 | Holder: Bob"
    series = only(text)
    assert [item.of(text) for item in series.items] == ["Number: 1 | Holder: Ann", "Number: 2 | Holder: Bob"]
    assert series.header is not None and series.header.of(text) == "Number | Holder"


def test_a_heading_within_a_table_is_no_row_of_it():
    text = "Part | Qty | Price\nMetal | |\nBolt | 2 | 10.00\nNut | 1 | 5.00\nRing | 4 | 2.00"
    assert items(text, SeriesKind.TABLE) == [["Bolt | 2 | 10.00", "Nut | 1 | 5.00", "Ring | 4 | 2.00"]]


def test_a_cell_that_was_wrapped_belongs_to_its_row_and_deductions_below_the_total_to_none():
    text = (
        "Item | Qty | Price\n1 | Pump with wall frame and anti- | 7,350.00\nvibration feet\n2 | Cylinder | 1,620.00\n"
        "3 | Valve | 10.00\nNet total | 8,980.00\nless deposit | -3,000.00\nBalance due | 5,980.00"
    )
    assert items(text, SeriesKind.TABLE) == [
        [
            "1 | Pump with wall frame and anti- | 7,350.00\nvibration feet",
            "2 | Cylinder | 1,620.00",
            "3 | Valve | 10.00",
        ]
    ]


def test_numbered_and_lettered_lists_with_lines_that_go_on():
    text = (
        "The parties are:\n1. Acme GmbH,\n   of Bern\n2. Foo Ltd\n3. Bar Inc\n\nThey agree:\n(a) to meet\n(b) to pay"
    )
    assert items(text, SeriesKind.LIST) == [
        ["1. Acme GmbH,\n   of Bern", "2. Foo Ltd", "3. Bar Inc"],
        ["(a) to meet", "(b) to pay"],
    ]


def test_two_lists_that_both_begin_with_one_are_two():
    assert [len(s) for s in items("A:\n1. x\n2. y\nB:\n1. z\n2. u\n3. v", SeriesKind.LIST)] == [2, 3]


def test_roman_numerals_are_told_from_letters_by_what_follows():
    assert items("i) one\nii) two\niii) three\niv) four", SeriesKind.LIST) == [
        ["i) one", "ii) two", "iii) three", "iv) four"]
    ]  # fmt: skip
    assert [roman(word) for word in ("iv", "ix", "xii", "b")] == [4, 9, 12, None]


def test_numbered_sections_reach_to_the_next_and_stop_at_another_heading():
    text = "## Patient 1\nA man.\n## Patient 2\nA woman.\n## Discussion\nBoth are well."
    (series,) = [s for s in series_of(text) if s.kind is SeriesKind.SECTIONS]
    assert series.label == "Patient"
    assert [item.of(text) for item in series.items] == ["## Patient 1\nA man.", "## Patient 2\nA woman."]


def test_an_enumeration_within_a_sentence():
    text = "It covers (a) the house, (b) the barn, and (c) the field. Nothing else; see (b) above."
    assert items(text, SeriesKind.INLINE) == [["(a) the house", "(b) the barn, and", "(c) the field"]]


def test_plain_prose_has_no_series():
    assert series_of("Acme sells anvils. In 2021 it sold 12 of them (see page 3).\nThen it closed.") == []


@given(st.integers(2, 40), st.sampled_from(["- ", "* ", "{}. ", "({}) "]))
def test_every_item_of_a_list_is_counted(count, marker):
    text = "Found:\n" + "\n".join(f"{marker.format(n)}thing {'x' * n}" for n in range(1, count + 1))
    assert [len(series.items) for series in series_of(text) if series.kind is SeriesKind.LIST] == [count]


@given(st.text(alphabet="ab1|.-()\n\t #IV", max_size=200))
def test_items_lie_in_the_text_in_order_and_apart(text):
    for series in series_of(text):
        assert len(series.items) >= 2
        ends = 0
        for item in series.items:
            assert ends <= item.start < item.end <= len(text)
            ends = item.end
