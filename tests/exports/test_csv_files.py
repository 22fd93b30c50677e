import csv
import datetime

import polars as pl

from crucible_assets.datasets.columns import ExportOptions
from crucible_assets.datasets.dataset import Dataset
from crucible_assets.exports.csv_files import write_csv
from crucible_assets.exports.formats import ExportFormat, write
from tests.datasets.samples import LOAN_CELLS, LOAN_ROWS, LOANS

LOAN_DATASET = Dataset(LOANS, LOAN_ROWS, LOAN_CELLS)


def test_records_end_with_crlf_and_quotes_stand_only_where_needed(tmp_path):
    frame = pl.DataFrame({"a": ["plain", 'say "hi"', "x,y", "two\nlines", "", None], "b": [1, 2, 3, 4, 5, 6]})
    write_csv(frame, tmp_path / "x.csv")
    expected = 'a,b\r\nplain,1\r\n"say ""hi""",2\r\n"x,y",3\r\n"two\nlines",4\r\n"",5\r\n,6\r\n'
    assert (tmp_path / "x.csv").read_bytes() == expected.encode()


def test_numbers_stay_numbers_and_whole_ones_have_no_decimal_point(tmp_path):
    frame = pl.DataFrame({"year": [2019.0, None], "share": [-0.25, 1e-7], "big": [1e300, 2.0]})
    write_csv(frame, tmp_path / "x.csv")
    year, share, big = (tmp_path / "x.csv").read_text().splitlines()[1].split(",")
    assert (year, share, float(big)) == ("2019", "-0.25", 1e300)
    assert float((tmp_path / "x.csv").read_text().splitlines()[2].split(",")[1]) == 1e-7


def test_the_byte_order_mark_is_an_option(tmp_path):
    write_csv(pl.DataFrame({"ä": ["ö"]}), tmp_path / "plain.csv")
    write_csv(pl.DataFrame({"ä": ["ö"]}), tmp_path / "marked.csv", bom=True)
    assert (tmp_path / "plain.csv").read_bytes() == "ä\r\nö\r\n".encode()
    assert (tmp_path / "marked.csv").read_bytes() == b"\xef\xbb\xbf" + "ä\r\nö\r\n".encode()


def test_a_wide_file_reads_back_with_negative_numbers_and_harmless_text(tmp_path):
    (file,) = write(LOAN_DATASET, [ExportFormat.CSV_WIDE], ExportOptions(), tmp_path)
    with file.path.open(encoding="utf-8", newline="") as handle:
        first, second, _ = csv.DictReader(handle, strict=True)
    assert first["amount"] == "-1000.5"
    assert first["parties_2"] == "'+49 GmbH"
    assert second["lender"] == '\'=HYPERLINK("http://x")'
    assert datetime.date.fromisoformat(second["signed"]) == datetime.date(2021, 1, 31)
