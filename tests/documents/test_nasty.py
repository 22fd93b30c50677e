"""Hostile files through real workers with small limits: each fails alone with a reason, or gives harmless text."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crucible_assets.documents.errors import DocumentError, Reason
from crucible_assets.documents.parsed import ParsedDocument
from crucible_assets.documents.wire import Result
from crucible_assets.documents.worker import ParserPool

pytestmark = pytest.mark.timeout(120)
SECRET = "the-words-of-a-file-that-no-document-may-show"
SECONDS = 4.0
MEMORY_MIB = 500
MIB = 1 << 20
WORDS = "The committee approved the grant on the third of March after a long discussion of its costs. "
HONEST = WORDS.encode()
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def zipped(parts: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def docx(body: str, before: str = "", parts: dict[str, bytes] | None = None) -> bytes:
    document = f'<?xml version="1.0"?>{before}<w:document {W}><w:body>{body}</w:body></w:document>'
    return zipped({
        "[Content_Types].xml": b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "word/document.xml": document.encode(),
        **(parts or {}),
    })  # fmt: skip


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def xlsx(target: str, extra: dict[str, bytes]) -> bytes:
    """A workbook whose only sheet is the part named `target`."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    sheet = f'<worksheet xmlns="{main}"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>cost</t></is></c></row>'
    return zipped({
        "[Content_Types].xml": b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{office}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>'.encode(),
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="r1"/>'
        "</sheets></workbook>".encode(),
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}"><Relationship Id="r1" '
        f'Type="{office}/worksheet" Target="{target}"/></Relationships>'.encode(),
        "xl/worksheets/sheet1.xml": (sheet + "</sheetData></worksheet>").encode(),
        **extra,
    })  # fmt: skip


def pdf(content: bytes, *, packed: bool = False, cut: int | None = None) -> bytes:
    """One page with the given content stream; `packed` says that the stream is deflated already."""
    extra = b"/Filter /FlateDecode " if packed else b""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< " + extra + b"/Length %d >>\nstream\n" % len(content) + content + b"\nendstream",
    ]
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(data)
    data += b"xref\n0 5\n0000000000 65535 f \n" + table + b"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n"
    data += b"%d\n%%%%EOF\n" % start
    return data[:cut]


def shown(text: str) -> bytes:
    return f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET".encode()


def deflated(pattern: bytes, mib: int) -> bytes:
    """`mib` MiB of a repeated pattern, deflated: one piece is packed, and its bytes are repeated."""
    piece = pattern * (MIB // len(pattern))
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
    check = 1
    for _ in range(mib):
        check = zlib.adler32(piece, check)
    return b"\x78\xda" + packed * mib + b"\x03\x00" + check.to_bytes(4, "big")


def laughs() -> str:
    """Ten levels of ten: a few hundred bytes that would expand to 10^10 words."""
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 11))
    return f'<!DOCTYPE d [<!ENTITY l0 "laugh ">{levels}]>'


def entity(secret: Path) -> str:
    return f'<!DOCTYPE d [<!ENTITY x SYSTEM "{secret.as_uri()}"><!ENTITY % p SYSTEM "{secret.as_uri()}"> %p;]>'


def include(secret: Path) -> str:
    return f'<x xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{secret.as_uri()}" parse="text"/></x>'


# name of the file → how it is made of the place of the secret
HOSTILE: dict[str, Callable[[Path], bytes]] = {
    "flate-bomb.pdf": lambda s: pdf(deflated(b" ", 1500), packed=True),
    "flate-bomb-of-words.pdf": lambda s: pdf(deflated(b"BT /F1 1 Tf (a) Tj ET ", 300), packed=True),
    "bomb.docx": lambda s: docx(paragraph(" " * (40 * MIB))),
    "bomb-in-a-style.docx": lambda s: docx(paragraph(WORDS), parts={"word/styles.xml": b"<a>" + b" " * (40 * MIB)}),
    "xxe.docx": lambda s: docx(paragraph("before &x; after"), entity(s)),
    "laughs.docx": lambda s: docx(paragraph("&l10;"), laughs()),
    "deep.docx": lambda s: docx("<w:tbl><w:tr><w:tc>" * 20_000),
    "cut.docx": lambda s: docx(paragraph(WORDS * 200))[:-400],
    "xxe.xml": lambda s: f'<?xml version="1.0"?>{entity(s)}<a>before &x; after</a>'.encode(),
    "xinclude.xml": lambda s: f'<?xml version="1.0"?><a>{WORDS}{include(s)}</a>'.encode(),
    "stylesheet.xml": lambda s: f'<?xml version="1.0"?><?xml-stylesheet href="{s.as_uri()}"?><a>{WORDS}</a>'.encode(),
    "laughs.xml": lambda s: f'<?xml version="1.0"?>{laughs()}<a>&l10;</a>'.encode(),
    "deep.xml": lambda s: b'<?xml version="1.0"?>' + b"<a>" * 300_000 + b"</a>" * 300_000,
    "xxe.svg": lambda s: f'<?xml version="1.0"?>{entity(s)}<svg xmlns="http://www.w3.org/2000/svg"><text>&x;</text>'
    "</svg>".encode(),
    "xxe.html": lambda s: f"{entity(s)}<html><body><p>{WORDS}&x;</p><iframe src='{s.as_uri()}'></iframe>".encode(),
    "laughs.html": lambda s: f"{laughs()}<html><body><p>{WORDS}&l10;</p></body></html>".encode(),
    "deep.html": lambda s: b"<html><body>" + b"<div>" * 100_000 + WORDS.encode(),
    "deep-tables.html": lambda s: b"<html><body>" + b"<table><tr><td>" * 3_000 + WORDS.encode(),
    "many-attributes.html": lambda s: b"<html><body><p " + b"a=1 " * 200_000 + b">" + WORDS.encode(),
    "deep.json": lambda s: b"[" * 1_000_000,
    "deep-and-closed.json": lambda s: b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "long-number.json": lambda s: b'{"a": ' + b"9" * 2_000_000 + b"}",
    "nul.txt": lambda s: WORDS.encode().replace(b" ", b"\x00 "),
    "nul.csv": lambda s: b"name;price\n" + b"mill\x00;1\x002\n" * 50,
    "not-utf-8.txt": lambda s: WORDS.encode() + b"\xff\xfe\xc0\xaf\xed\xa0\x80\xf5" * 20 + WORDS.encode(),
    "bidi.txt": lambda s: f"{WORDS}\u202egnp.exe\u2066 \u200b\ufeff{WORDS}".encode(),
    "one-line.txt": lambda s: (WORDS * (5 * MIB // len(WORDS))).encode(),
    "no-space.txt": lambda s: b"a" * (2 * MIB),
    "quote-without-end.csv": lambda s: b'name,price\n"' + b"a,b\n" * 100_000,
    "backticks.md": lambda s: b"`" * 300_000 + b"[" * 300_000,
    "cut.pdf": lambda s: pdf(shown(WORDS), cut=330),
    "form-loop.pdf": lambda s: pdf(shown("Loop")).replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]"),
    "also-a-zip.pdf": lambda s: pdf(shown(WORDS)) + zipped({"word/document.xml": b"<x/>", "a.txt": b"hidden words"}),
    "also-a-pdf.docx": lambda s: docx(paragraph(WORDS)) + pdf(shown("Another page.")),
    "absolute.xlsx": lambda s: xlsx(str(s), {str(s): b"<worksheet/>"}),
    "above.xlsx": lambda s: xlsx("../" * 12 + str(s).lstrip("/"), {"../" * 12 + str(s).lstrip("/"): b"<worksheet/>"}),
    "names.xlsx": lambda s: xlsx("worksheets/sheet1.xml", {"../evil.txt": b"x", str(s.parent / "evil.txt"): b"x"}),
    "bomb.gz": lambda s: gzip.compress(bytes(16 * MIB)),
    "bomb.csv.gz": lambda s: gzip.compress(b"name,price\n" + b"mill,1\n" * 100_000),
    "renamed-gzip.txt": lambda s: gzip.compress(WORDS.encode()),
    "../../escape.txt": lambda s: WORDS.encode(),
}  # fmt: skip
READ = dict.fromkeys(
    [
        "xinclude.xml", "stylesheet.xml", "not-utf-8.txt", "bidi.txt", "one-line.txt", "also-a-zip.pdf", "xxe.html",
        "laughs.html", "deep-tables.html", "many-attributes.html", "../../escape.txt",
    ],
    "approved the grant",
) | {"nul.txt": "approved", "names.xlsx": "cost", "xxe.docx": "before"}  # fmt: skip
_STARVED = {Reason.PARSE_TIMEOUT, Reason.PARSE_MEMORY_EXCEEDED, Reason.TOO_LARGE}
REFUSED = {
    "flate-bomb.pdf": _STARVED | {Reason.EMPTY_DOCUMENT},
    "flate-bomb-of-words.pdf": _STARVED,
    "bomb.docx": {Reason.TOO_LARGE},
    "bomb-in-a-style.docx": {Reason.TOO_LARGE},
    "laughs.docx": {Reason.DAMAGED_DOCUMENT},
    "deep.docx": {Reason.DAMAGED_DOCUMENT},
    "cut.docx": {Reason.DAMAGED_DOCUMENT},
    "xxe.xml": {Reason.UNSUPPORTED_FORMAT},
    "xxe.svg": {Reason.UNSUPPORTED_FORMAT},
    "laughs.xml": {Reason.UNSUPPORTED_FORMAT},
    "deep.xml": {Reason.DAMAGED_DOCUMENT},
    "deep.json": {Reason.DAMAGED_DOCUMENT},
    "deep-and-closed.json": {Reason.DAMAGED_DOCUMENT},
    "cut.pdf": {Reason.DAMAGED_DOCUMENT, Reason.EMPTY_DOCUMENT},
    "form-loop.pdf": {Reason.DAMAGED_DOCUMENT},
    "absolute.xlsx": {Reason.DAMAGED_DOCUMENT},
    "above.xlsx": {Reason.DAMAGED_DOCUMENT},
    "bomb.gz": {Reason.UNSUPPORTED_FORMAT},
    "bomb.csv.gz": {Reason.UNSUPPORTED_FORMAT},
    "renamed-gzip.txt": {Reason.UNSUPPORTED_FORMAT},
}


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("secret") / "secret.txt"
    path.write_text(SECRET, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def results(secret: Path) -> dict[str, Result]:
    """All of them through one pool, an honest document after each."""

    def items() -> Iterator[tuple[str, bytes, str]]:
        for name, make in HOSTILE.items():
            yield name, make(secret), name
            yield f"after {name}", HONEST, "honest.txt"

    with ParserPool(workers=2, timeout_seconds=SECONDS, memory_mib=MEMORY_MIB) as pool:
        return dict(pool.parse(items()))


def everything(result: Result) -> str:
    """All words that a result can show to anybody."""
    if isinstance(result, DocumentError):
        return str(result)
    fields = (getattr(result, name) for name in ParsedDocument.__dataclass_fields__)
    return "\n".join(map(str, fields))


def test_each_gives_harmless_text_or_a_typed_reason(results: dict[str, Result]) -> None:
    assert set(HOSTILE) <= set(results)
    for name in HOSTILE:
        result = results[name]
        if isinstance(result, DocumentError):
            assert result.reason in Reason, name
            assert "crashed" not in result.what, (name, result.what)
            assert len(result.remedy) > 20, name
        else:
            result.text.encode("utf-8")  # no lone surrogates
            assert "\x00" not in result.text, name
            assert all(0 <= s.start < s.end <= len(result.text) for s in result.segments), name


def test_the_file_that_an_entity_names_is_never_read(results: dict[str, Result], secret: Path) -> None:
    assert secret.read_text("utf-8") == SECRET
    assert [name for name, result in results.items() if SECRET in everything(result)] == []


def test_entities_are_not_expanded(results: dict[str, Result]) -> None:
    shown = {name: everything(result).count("laugh") for name, result in results.items()}
    assert {name: count for name, count in shown.items() if count > 20} == {}


def test_nothing_is_written_where_an_archive_says(results: dict[str, Result], secret: Path) -> None:
    assert isinstance(results["names.xlsx"], ParsedDocument)
    assert [path.name for path in secret.parent.iterdir()] == [secret.name]
    assert not (secret.parent.parent / "evil.txt").exists()


def test_documents_beside_them_are_read_as_ever(results: dict[str, Result]) -> None:
    texts = {name: everything(results[f"after {name}"]) for name in HOSTILE}
    assert set(texts.values()) == {everything(results["after nul.txt"])}
    assert WORDS.strip() in texts["nul.txt"]


@pytest.mark.parametrize("name", sorted(READ))
def test_honest_words_come_through(results: dict[str, Result], name: str) -> None:
    result = results[name]
    assert isinstance(result, ParsedDocument), result
    assert READ[name] in result.text


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_cannot_be_read_is_refused_for_its_reason(results: dict[str, Result], name: str) -> None:
    result = results[name]
    assert isinstance(result, DocumentError), everything(result)[:200]
    assert result.reason in REFUSED[name], result
