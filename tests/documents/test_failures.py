"""A file that cannot be read fails with a reason, and the message says what to do."""

import io
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crucible_assets.documents.errors import (
    DamagedDocument,
    DocumentError,
    EmptyDocument,
    EncryptedDocument,
    NoTextFound,
    Reason,
    TooLarge,
    UnsupportedFormat,
)
from crucible_assets.documents.parse import parse_bytes
from tests.documents import make


def bomb() -> bytes:
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/document.xml", "w") as part,
    ):
        for _ in range(40):
            part.write(b" " * (1 << 20))
    return stream.getvalue()


def locked_archive() -> bytes:
    data = bytearray(make.archive({"word/document.xml": b"<x/>"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the directory's flag for an encrypted entry
    return bytes(data)


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
LOCKED_OFFICE = OLE + "EncryptionInfo EncryptedPackage".encode("utf-16-le")
ENTITIES = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
CASES = {
    "no bytes": (b"", "a.pdf", EmptyDocument),
    "blank text": (b" \n\t\n", "a.txt", EmptyDocument),
    "empty page": (make.pdf([]), "a.pdf", EmptyDocument),
    "scanned page": (make.scanned_pdf(), "a.pdf", NoTextFound),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(20), "a.png", NoTextFound),
    "PDF with password": (make.locked_pdf(), "a.pdf", EncryptedDocument),
    "Office file with password": (LOCKED_OFFICE, "a.docx", EncryptedDocument),
    "zip with password": (locked_archive(), "a.docx", EncryptedDocument),
    "PDF header alone": (b"%PDF-1.7\n", "a.pdf", DamagedDocument),
    "cut zip": (make.word()[:2000], "a.docx", DamagedDocument),
    "Word document without body": (make.archive({"word/styles.xml": b"<x/>"}), "a.docx", DamagedDocument),
    "Word document of broken XML": (make.archive({"word/document.xml": b"<w:document"}), "a.docx", DamagedDocument),
    "workbook without sheets": (make.archive({"xl/x.xml": b"<x/>"}), "a.xlsx", DamagedDocument),
    "broken JSON": (b'{"a": 1,,}', "a.json", DamagedDocument),
    "broken XML": (b"<?xml version='1.0'?><a><b></a>", "a.xml", DamagedDocument),
    "deep XML": (b"<?xml version='1.0'?>" + b"<a>" * 5000, "a.xml", DamagedDocument),
    "deep JSON": (b'[{"a":' * 5000, "a.json", DamagedDocument),
    "zip bomb": (bomb(), "a.docx", TooLarge),
    "archive of many files": (make.archive({str(n): b"" for n in range(10_001)}), "a.docx", TooLarge),
    "XML with entities": (f"<?xml version='1.0'?>{ENTITIES}<a>&x;</a>".encode(), "a.xml", UnsupportedFormat),
    "old Word document": (OLE + "WordDocument".encode("utf-16-le"), "a.doc", UnsupportedFormat),
    "RTF": (b"{\\rtf1\\ansi text}", "a.rtf", UnsupportedFormat),
    "plain archive": (make.archive({"a.txt": b"x"}), "a.zip", UnsupportedFormat),
    "gzip": (b"\x1f\x8b\x08\x00" + bytes(20), "a.gz", UnsupportedFormat),
    "noise": (zlib.compress(bytes(range(256)) * 99), "a.dat", UnsupportedFormat),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_reason_is_typed_and_says_what_to_do(case: str) -> None:
    data, name, expected = CASES[case]
    with pytest.raises(DocumentError) as caught:
        parse_bytes(data, name)
    assert type(caught.value) is expected
    assert caught.value.reason in Reason
    assert len(caught.value.remedy) > 20
    assert str(caught.value) == f"{caught.value.what} {caught.value.remedy}"


def test_entities_in_a_word_document_reach_no_file() -> None:
    data = make.raw_word("<w:p><w:r><w:t>before &x; after</w:t></w:r></w:p>", ENTITIES)
    with open("/etc/hostname") as file:
        name = file.read().strip()
    assert name not in parse_bytes(data, "a.docx").text


def test_a_repaired_pdf_is_read_with_a_warning() -> None:
    whole = make.pdf([(72, 100, "Still legible.", 11)])
    document = parse_bytes(whole[: whole.rindex(b"startxref")], "a.pdf")
    assert "Still legible." in document.text
    assert any("repaired" in warning for warning in document.warnings)


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"%PDF-1.5\n", b"PK\x03\x04", OLE, b"<?xml version='1.0'?>", b"{", b"<html>"]),
    st.sampled_from(["a", "a.pdf", "a.docx", "a.csv", "a.json", "a.xml", "a.md", "a.html", "a.txt"]),
)
def test_any_bytes_give_clean_text_or_a_document_error(noise: bytes, start: bytes, name: str) -> None:
    try:
        document = parse_bytes(start + noise, name)
    except DocumentError as error:
        assert "parser stopped" not in error.what
    else:
        document.text.encode("utf-8")
        assert "\x00" not in document.text
        assert "\r" not in document.text
        ends = 0
        for segment in document.segments:
            assert ends <= segment.start < segment.end <= len(document.text)
            ends = segment.end
