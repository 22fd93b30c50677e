"""Each format gives readable text whose segments name their place in the file."""

import json

import pytest

from crucible_assets.documents.parse import parse_bytes
from crucible_assets.documents.parsed import ParsedDocument
from resources.vocabulary import Segment, SegmentKind
from tests.documents import make


def stretch(document: ParsedDocument, segment: Segment) -> str:
    return document.text[segment.start : segment.end]


def find(document: ParsedDocument, words: str) -> Segment:
    return next(s for s in document.segments if words in stretch(document, s))


class TestPdf:
    def test_paragraphs_carry_page_and_box(self) -> None:
        document = parse_bytes(make.pdf([(72, 100, "First page.", 11)], [(72, 200, "Second page.", 11)]), "a.pdf")
        second = find(document, "Second page.")
        assert document.page_count == 2
        assert second.page == 2
        assert second.box is not None
        assert second.box[0] == pytest.approx(72, abs=2)
        assert second.box[1] < 200 < second.box[3]

    def test_metadata_is_read(self) -> None:
        document = parse_bytes(make.pdf([(72, 100, "Text.", 11)], title="A title"), "a.pdf")
        assert (document.title, document.author, document.created) == ("A title", "A. Author", "2024-02-29")

    def test_columns_are_read_one_after_the_other(self) -> None:
        left = [f"left column of prose, line {number} of its text" for number in range(8)]
        right = [f"right column of prose, line {number} of the text" for number in range(8)]
        text = parse_bytes(make.pdf_of_columns(left, right, "A heading across both columns"), "a.pdf").text
        assert text.index("heading") < text.index("line 0 of its") < text.index("line 7 of its")
        assert text.index("line 7 of its") < text.index("line 0 of the")

    def test_table_rows_keep_their_cells_together(self) -> None:
        rows = [
            ("Item", "Price", "Stock"),
            ("Bolts", "12.50", "100"),
            ("Nuts", "3.10", "250"),
            ("Nails", "1.05", "9"),
        ]
        cells = [
            (72.0 + 150 * column, 100.0 + 16 * row, text, 10.0)
            for column in range(3)  # written column by column, as some programs do
            for row, text in enumerate(cell[column] for cell in rows)
        ]
        document = parse_bytes(make.pdf(cells), "a.pdf")
        assert "Bolts | 12.50 | 100\nNuts | 3.10 | 250" in document.text
        assert find(document, "Nuts").kind is SegmentKind.TABLE_ROW

    def test_larger_type_is_a_heading(self) -> None:
        body = [(72.0, 140.0 + 14 * line, make.LOREM[:80], 10.0) for line in range(6)]
        document = parse_bytes(make.pdf([(72, 100, "Term of the agreement", 16), *body]), "a.pdf")
        heading = find(document, "Term of the agreement")
        assert (heading.kind, heading.level) == (SegmentKind.HEADING, 1)

    def test_a_word_divided_at_the_end_of_a_line_is_made_whole(self) -> None:
        lines = [
            "This agreement ends on the last day of the month in which its termi-",
            "nation was given notice of.",
        ]
        document = parse_bytes(make.pdf([(72, 100 + 13 * n, line, 10) for n, line in enumerate(lines)]), "a.pdf")
        assert "its termination was given" in document.text

    def test_a_number_with_its_clause_is_no_table(self) -> None:
        lines = [
            (72.0 + 40 * (n % 2), 100.0 + 14 * (n // 2), t, 10.0)
            for n, t in enumerate(
                ["1.1", "The supplier delivers.", "1.2", "The buyer pays.", "1.3", "Either may terminate."]
            )
        ]
        assert "1.2 The buyer pays." in parse_bytes(make.pdf(lines), "a.pdf").text


class TestDocx:
    def test_everything_is_read_in_document_order(self) -> None:
        document = parse_bytes(make.word(), "a.docx")
        order = [
            "Confidential",
            "Parties",
            "Acme",
            "1. Deliver",
            "2. Invoice",
            "Item | Price",
            "After",
            "Draft of May",
        ]
        places = [document.text.index(words) for words in order]
        assert places == sorted(places)
        assert (document.title, document.author) == ("Supply agreement", "B. Author")

    def test_segments_name_paragraph_heading_and_table_row(self) -> None:
        document = parse_bytes(make.word(), "a.docx")
        assert find(document, "Parties").level == 2
        assert find(document, "Bolts").label == "table 1, row 2"
        assert find(document, "1. Deliver").kind is SegmentKind.LIST_ITEM
        assert stretch(document, find(document, "13.00")) == "| 13.00"  # the merged cell is not repeated

    def test_deleted_text_is_left_out_and_inserted_text_kept(self) -> None:
        body = (
            "<w:p><w:r><w:t>Price: </w:t></w:r><w:del><w:r><w:delText>10</w:delText></w:r></w:del>"
            "<w:ins><w:r><w:t>12</w:t></w:r></w:ins></w:p>"
        )
        assert parse_bytes(make.raw_word(body), "a.docx").text == "Price: 12"

    def test_content_controls_and_text_boxes_are_read_once(self) -> None:
        box = "<w:txbxContent><w:p><w:r><w:t>boxed</w:t></w:r></w:p></w:txbxContent>"
        mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
        body = (
            "<w:sdt><w:sdtContent><w:p><w:r><w:t>controlled</w:t></w:r></w:p></w:sdtContent></w:sdt>"
            f"<w:p><w:r><mc:AlternateContent {mc}><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
            "</mc:AlternateContent></w:r></w:p>"
        )
        assert parse_bytes(make.raw_word(body), "a.docx").text == "controlled\n\nboxed"


class TestHtml:
    PAGE = (
        "<html lang='de'><head><title>Title</title><meta name='author' content='C. Author'></head>"
        "<body>{}</body></html>"
    )

    def test_a_plain_document_is_kept_whole(self) -> None:
        html = self.PAGE.format(f"<h1>Contract</h1><p>{make.LOREM}</p><ul><li>one</li></ul><pre>a  b\n c</pre>")
        document = parse_bytes(html.encode(), "a.html")
        assert [stretch(document, s) for s in document.segments][2:] == ["one", "a  b\n c"]
        assert [s.kind for s in document.segments][:3] == [
            SegmentKind.HEADING,
            SegmentKind.PARAGRAPH,
            SegmentKind.LIST_ITEM,
        ]
        assert (document.title, document.author) == ("Title", "C. Author")

    def test_navigation_is_left_out_but_tables_are_not(self) -> None:
        nav = "<nav><ul>" + "<li><a href='/x'>Another section of this site</a></li>" * 8 + "</ul></nav>"
        prose = "".join(f"<p>{make.LOREM * 2}{number}</p>" for number in range(5))
        table = "<table><tr><th>Item</th><th>Price</th></tr><tr><td>Bolts</td><td>12.50</td></tr></table>"
        document = parse_bytes(
            self.PAGE.format(f"{nav}<article><h1>News</h1>{prose}</article>{table}").encode(), "a.html"
        )
        assert "Another section" not in document.text
        assert "Bolts | 12.50" in document.text
        assert document.text.count("within thirty days") == 10
        assert any("left out" in warning for warning in document.warnings)

    def test_words_of_a_cell_are_not_cut_at_inline_elements(self) -> None:
        table = (
            "<table><tr><td><b>T</b>otal<br>net</td><td>12<sup>a</sup></td></tr><tr><td>x</td><td>y</td></tr></table>"
        )
        assert parse_bytes(self.PAGE.format(table).encode(), "a.html").text == "Total net | 12a\nx | y"

    def test_deep_nesting_is_survived(self) -> None:
        deep = "<div>" * 3000 + "deep" + "<table><tr><td>" + "<i>" * 3000 + "cell</td><td>b</td></tr></table>"
        assert "deep" in parse_bytes(self.PAGE.format(deep).encode(), "a.html").text

    def test_hidden_content_and_scripts_are_not_text(self) -> None:
        html = self.PAGE.format("<p>seen</p><div style='display:none'>hidden</div><script>var x</script>")
        assert parse_bytes(html.encode(), "a.html").text == "seen"

    def test_the_declared_encoding_is_used(self) -> None:
        html = "<html><head><meta charset='windows-1251'></head><body><p>Договор поставки</p></body></html>"
        assert parse_bytes(html.encode("cp1251"), "a.html").text == "Договор поставки"


class TestTables:
    def test_sheet_rows_carry_their_cells_and_headers(self) -> None:
        document = parse_bytes(make.workbook(), "a.xlsx")
        row = find(document, "Acme")
        assert stretch(document, row) == "Customer: Acme | Amount: 1200 | Paid: TRUE"
        assert row.label == "Orders!A4:C4"
        assert find(document, "only a note").label == "Notes!B2:B2"

    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_csv_with_any_delimiter(self, delimiter: str) -> None:
        rows = [["name", "city", "note"], ["Ann", "Bern", '"one\ntwo"'], ["Bob", "Köln", "x"]]
        data = "\r\n".join(delimiter.join(row) for row in rows).encode("utf-8-sig")
        document = parse_bytes(data, "a.csv")
        assert "name: Ann | city: Bern | note: one two\nname: Bob | city: Köln | note: x" in document.text
        assert find(document, "Ann").label == "record 2"

    def test_csv_records_of_odd_width_are_reported(self) -> None:
        document = parse_bytes(b"a,b\n1,2\n3,4\n5,6,7,8\n9,10\n", "a.csv")
        assert any("1 of 5 records" in warning for warning in document.warnings)
        assert "7" in document.text


class TestData:
    def test_json_lines_say_where_a_value_stands(self) -> None:
        value = {
            "title": "T",
            "terms": {"days": 30, "rate": 1.10},
            "items": [{"sku": "a", "n": 1}, {"sku": "b", "n": 2}],
        }
        data = json.dumps(value).replace("1.1}", "1.10}").encode()
        document = parse_bytes(data, "a.json")
        assert "terms.days: 30\nterms.rate: 1.10" in document.text  # numbers keep their spelling
        assert find(document, "sku: b | n: 2").label == "$.items[1]"

    def test_json_lines_files(self) -> None:
        document = parse_bytes(b'{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n', "a.jsonl")
        assert document.text == "a: 1 | b: x\na: 2 | b: y"

    def test_xml_records_and_prose(self) -> None:
        xml = (
            "<?xml version='1.0'?><book xml:lang='en'><title>Bees</title>"
            "<order id='7'><customer>Acme</customer><total>12</total></order>"
            "<p>They <b>fly</b> far.</p></book>"
        )
        document = parse_bytes(xml.encode(), "a.xml")
        assert document.title == "Bees"
        assert "id: 7 | customer: Acme | total: 12" in document.text
        assert find(document, "They fly far.").label == "/book/p[1]"


class TestText:
    def test_text_stays_as_it_is_and_maps_to_paragraphs(self) -> None:
        document = parse_bytes(b"One\r\nstill one.\r\n\r\n  \r\n- two\r\n", "a.txt")
        assert document.text == "One\nstill one.\n\n  \n- two"
        assert [(stretch(document, s), s.kind) for s in document.segments] == [
            ("One\nstill one.", SegmentKind.PARAGRAPH),
            ("- two", SegmentKind.LIST_ITEM),
        ]

    def test_markdown_blocks_are_told_apart(self) -> None:
        front = "---\ntitle: Guide\n---\n"
        table = "| x | y |\n|---|---|\n| 1 | 2 |\n"
        text = f"{front}# Start\n\nText of\ntwo lines.\n\n- a\n- b\n\n{table}\nEnd\n===\n"
        document = parse_bytes(text.encode(), "a.md")
        kinds = [(stretch(document, s), s.kind, s.level) for s in document.segments][1:]
        assert document.title == "Guide"
        assert document.text == text.strip()
        assert kinds == [
            ("# Start", SegmentKind.HEADING, 1),
            ("Text of\ntwo lines.", SegmentKind.PARAGRAPH, None),
            ("- a", SegmentKind.LIST_ITEM, None),
            ("- b", SegmentKind.LIST_ITEM, None),
            ("| x | y |", SegmentKind.TABLE_ROW, None),
            ("|---|---|", SegmentKind.TABLE_ROW, None),
            ("| 1 | 2 |", SegmentKind.TABLE_ROW, None),
            ("End\n===", SegmentKind.HEADING, 1),
        ]
