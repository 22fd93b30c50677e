"""What stands on a PDF page besides its content: comments, and form fields whose state is no text."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from crucible_assets.documents.parsed import Block, one_line
from crucible_assets.documents.parsers.pdf_lines import Box, Piece

_OFF: Final = ("", "Off", "false", "None")
_TICKED: Final = ("CheckBox", "RadioButton")


def annotation_blocks(page: Any, number: int, pieces: Sequence[Sequence[Piece]], has_forms: bool) -> Iterator[Block]:
    """Blocks for the comments on a page and its ticked boxes; `number` is the page, counted from 1.

    Text fields are drawn on the page, so their values are among its pieces already; a tick is no text, and a
    comment is hidden in a bubble.
    """
    shown = "".join(one_line(piece.text) for direction in pieces for piece in direction).replace(" ", "")
    for annotation in page.annots() or ():
        text = str(annotation.info.get("content") or "").strip()
        if text and one_line(text).replace(" ", "") not in shown:
            author = one_line(str(annotation.info.get("title") or ""))
            label = f"comment by {author}" if author else "comment"
            yield Block(text, page=number, box=_box(annotation.rect), label=label)
    if not has_forms:
        return
    for widget in page.widgets() or ():
        value = str(widget.field_value)
        if widget.field_type_string in _TICKED and value not in _OFF and _is_on(widget):
            name = one_line(str(widget.field_label or widget.field_name or "field"))
            yield Block(f"{name}: {value}", page=number, box=_box(widget.rect), label="form field")


def _is_on(widget: Any) -> bool:
    """Whether this button of its group is the one that is chosen."""
    on = widget.on_state()
    return on is None or str(on) == str(widget.field_value) or widget.field_value is True


def _box(rectangle: Any) -> Box:
    return (
        round(float(rectangle[0]), 1),
        round(float(rectangle[1]), 1),
        round(float(rectangle[2]), 1),
        round(float(rectangle[3]), 1),
    )
