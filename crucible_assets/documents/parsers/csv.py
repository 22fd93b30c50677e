"""Comma-, semicolon-, tab- or pipe-separated values, one segment per record."""

import csv
import io
from collections import Counter
from typing import Final

from crucible_assets.documents.charset import decode
from crucible_assets.documents.errors import DamagedDocument
from crucible_assets.documents.parsed import Draft, assemble
from crucible_assets.documents.parsers.rows import header_of, row_blocks

_DELIMITERS: Final = ",;\t|"
_SAMPLE_RECORDS: Final = 200
_SAMPLE_CHARACTERS: Final = 200_000


def parse_csv(data: bytes) -> Draft:
    """Read delimited records; the delimiter is the one that cuts the sample most evenly.

    With a header row each record reads 'Header: value | …', so that it is understood on its own.
    """
    decoded = decode(data)
    text = decoded.text.replace("\x00", "")
    delimiter = sniff(text[:_SAMPLE_CHARACTERS])
    csv.field_size_limit(max(131_072, len(text)))
    try:
        records = [
            [cell.strip() for cell in record]
            for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        ]
    except csv.Error as error:
        raise DamagedDocument(
            f"The records cannot be told apart ({error}).",
            "Export the table again as CSV with quoted fields, or upload it as XLSX.",
        ) from error
    records = [record for record in records if any(record)]
    header = header_of(records)
    blocks = row_blocks(records, header, lambda index: f"record {index + 1}")
    body, segments = assemble(blocks)
    warnings = []
    if decoded.replaced:
        warnings.append(f"{decoded.replaced:,} bytes mean nothing in {decoded.encoding} and were replaced by U+FFFD.")
    widths = Counter(len(record) for record in records)
    usual = widths.most_common(1)[0][0] if widths else 0
    odd = sum(count for width, count in widths.items() if width != usual)
    if odd:
        warnings.append(f"{odd:,} of {len(records):,} records do not have the usual {usual} fields.")
    metadata = {"encoding": decoded.encoding, "delimiter": delimiter, "records": str(len(records))}
    return Draft(body, segments, "csv", metadata=metadata, warnings=tuple(warnings))


def sniff(sample: str) -> str:
    """The delimiter of `sample`: the one whose records have more than one field and most often the same number."""
    best, best_score = ",", 0.0
    for delimiter in _DELIMITERS:
        reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
        widths: list[int] = []
        try:
            for record in reader:
                if any(record):
                    widths.append(len(record))
                if len(widths) >= _SAMPLE_RECORDS:
                    break
        except csv.Error:
            continue
        if not widths:
            continue
        usual, count = Counter(widths).most_common(1)[0]
        score = (count / len(widths)) * (usual - 1) ** 0.25 if usual > 1 else 0.0
        if score > best_score:
            best, best_score = delimiter, score
    return best
