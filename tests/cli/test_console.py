"""What a terminal is shown of texts that hold orders to it."""

from __future__ import annotations

import io

import pytest
from rich.table import Table
from rich.text import Text

from cli.console import PlainConsole

HOSTILE = [
    "\x1b]0;owned\x07",
    "\x1b[2J",
    "\x9b31m",
    "a\rb",
    "\u202etxt.exe",
    "\ud800",
    "[red]x[/red]",
    "[/b]",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_is_an_order_to_the_terminal(text: str) -> None:
    file = io.StringIO()
    console = PlainConsole(file=file, width=80, force_terminal=True, color_system=None)
    table = Table("document", text)
    table.add_row(text, Text(text))
    console.print(f"of {text}")
    console.print(table)
    written = file.getvalue()
    written.encode("utf-8")
    assert not set(written) & set("\x1b\x9b\x07\r\u202e")
    if text[0] == "[":
        assert written.count(text) == 4
