"""Text that a spreadsheet program would take for a formula, made harmless and given back.

A program that opens CSV runs a field that begins with one of the characters below (OWASP, "CSV Injection"; the
full-width forms are read as their narrow ones in some locales). Such text gets an apostrophe in front. Text that
already has apostrophes before such a character gets one more, so `unguarded` always gives the exact text back.
"""

import re

import polars as pl

_STARTS = "=+\\-@\t\r\n＝＋－＠"
_DANGEROUS = re.compile(f"[{_STARTS}]")
_GUARD = f"^('*[{_STARTS}])"
_UNGUARD = f"^'('*[{_STARTS}])"


def is_dangerous(text: str) -> bool:
    """Whether a spreadsheet program could take the text for a formula."""
    return _DANGEROUS.match(text) is not None


def guarded(frame: pl.DataFrame) -> pl.DataFrame:
    """Put an apostrophe before dangerous text in String columns and in column names; other types stay."""
    return _mapped(frame, _GUARD, "'${1}")


def unguarded(frame: pl.DataFrame) -> pl.DataFrame:
    """Undo `guarded`."""
    return _mapped(frame, _UNGUARD, "${1}")


def _mapped(frame: pl.DataFrame, pattern: str, replacement: str) -> pl.DataFrame:
    texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    changed = frame.with_columns(pl.col(name).str.replace(pattern, replacement) for name in texts)
    names = pl.Series(frame.columns, dtype=pl.String).str.replace(pattern, replacement).to_list()
    return changed.rename(dict(zip(frame.columns, names, strict=True)))
