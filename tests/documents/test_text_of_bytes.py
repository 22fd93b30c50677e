"""Encodings, file types, word counts and languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crucible_assets.documents.charset import decode
from crucible_assets.documents.filetype import Format, detect
from crucible_assets.documents.parsed import Block, assemble, clean
from crucible_assets.documents.words import count_words, detect_language
from tests.documents import make

GERMAN = "Der Käufer zahlt den Preis für die Ware innerhalb von dreißig Tagen. Größere Mängel sind zu rügen."
POLISH = "Sprzedający dostarczy towar w ciągu trzydziestu dni, a kupujący zapłaci cenę. Żadna ze stron nie może."
RUSSIAN = "Поставщик обязан передать товар в течение тридцати дней, а покупатель обязан оплатить его."
JAPANESE = "本契約は、甲と乙の間で締結された売買契約であり、商品の引渡しは三十日以内に行うものとします。"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "utf-8"),
        (GERMAN, "utf-8-sig"),
        (GERMAN, "cp1252"),
        (GERMAN, "utf-16"),
        (GERMAN, "utf-16-le"),
        (GERMAN, "utf-16-be"),
        (GERMAN, "utf-32-be"),
        (GERMAN, "cp037"),
        (POLISH, "cp1250"),
        (POLISH, "iso8859-2"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (RUSSIAN, "utf-16-le"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (JAPANESE, "utf-16-le"),
    ],
)
def test_text_is_read_in_the_encoding_it_was_written_in(text: str, encoding: str) -> None:
    assert decode((text + "\n" + text).encode(encoding)).text == text + "\n" + text


def test_stray_nul_characters_do_not_make_it_utf_16() -> None:
    assert decode(b"abc\x00def\x00" * 100).text.replace("\x00", "").startswith("abcdef")


@given(st.text(alphabet=st.characters(exclude_characters="\ufeff\x1b", exclude_categories=["Cs"]), min_size=1))
def test_utf_8_is_always_read_as_such_unless_full_of_nul(text: str) -> None:
    if "\x00" not in text:
        assert decode(text.encode()).text == text


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (make.pdf([(72, 72, "x", 10)]), "wrong.txt", Format.PDF),
        (b"junk before\n" + make.pdf([(72, 72, "x", 10)]), "a.pdf", Format.PDF),
        (make.word(), "wrong.xlsx", Format.DOCX),
        (make.workbook(), "wrong.docx", Format.SPREADSHEET),
        (b"<!DOCTYPE html><html><body>x</body></html>", "wrong.txt", Format.HTML),
        (b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>", "a.xml", Format.HTML),
        (b"<?xml version='1.0'?><a/>", "a", Format.XML),
        (b'{"a": [1, 2]}', "a", Format.JSON),
        (b"name\nAnn\nBob\n", "a.csv", Format.CSV),
        (b"# Title\n\nText.\n", "a.md", Format.MARKDOWN),
        (b"{curly} text is no JSON", "a.txt", Format.TEXT),
        (make.LOREM.encode(), "no extension", Format.TEXT),
    ],
)
def test_the_content_says_what_a_file_is(data: bytes, name: str, expected: Format) -> None:
    assert detect(data, name).format is expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("It's a well-known fact: 1,234.50 was paid.", 7),
        ("合同 甲方", 4),
        ("Straße und 東京", 4),
        ("— … |", 0),
    ],
)
def test_words_are_counted_and_ideographs_one_by_one(text: str, words: int) -> None:
    assert count_words(text) == words


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (make.LOREM, "en"),
        (GERMAN, "de"),
        (POLISH, "pl"),
        (RUSSIAN, "ru"),
        (JAPANESE, "ja"),
        ("Total 12", None),
        ("1234567890 " * 20, None),
    ],
)
def test_the_language_is_named_when_there_is_enough_text(text: str, language: str | None) -> None:
    assert detect_language(text) == language


@given(st.text())
def test_clean_text_can_be_stored(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert not set(cleaned) & {"\x00", "\r", "\u2028", "\xad"}
    assert clean(cleaned) == cleaned


@given(st.lists(st.text(max_size=20), max_size=20))
def test_segments_are_the_blocks_in_order(texts: list[str]) -> None:
    text, segments = assemble(Block(block) for block in texts)
    expected = [block for block in (clean(block).strip() for block in texts) if block]
    assert [text[segment.start : segment.end] for segment in segments] == expected
    assert text == "\n\n".join(expected)
