"""Pictures of pages: the box is really there, and a page that cannot be shown says why."""

import pymupdf
import pytest

from resources.rendering import (
    MAX_BOXES,
    NoSuchPageError,
    NotRenderableError,
    RenderError,
    RenderLimitError,
    render_page,
)
from tests.documents.make import locked_pdf, pdf, word

PAGE = pdf([(72, 100, "Hello world", 12)])


def picture(png: bytes) -> pymupdf.Pixmap:
    return pymupdf.Pixmap(png)


def test_a_box_is_drawn_where_it_stands_and_nowhere_else():
    plain, marked = picture(render_page(PAGE, 1, dpi=72)), picture(render_page(PAGE, 1, [(70, 80, 200, 110)], dpi=72))
    changed = {
        (x, y) for x in range(plain.width) for y in range(plain.height) if plain.pixel(x, y) != marked.pixel(x, y)
    }
    assert {(x, y) for x, y in changed if not (70 <= x < 200 and 80 <= y < 110)} == set()
    assert marked.pixel(190, 85) == (255, 236, 110)
    assert plain.pixel(190, 85) == (255, 255, 255)
    dark = [(x, y) for x in range(72, 140) for y in range(88, 104) if sum(plain.pixel(x, y)) < 120]
    assert dark, "the text is on the page"
    assert all(sum(marked.pixel(*spot)) <= sum(plain.pixel(*spot)) for spot in dark), "letters stay dark"


def test_a_rotated_page_is_marked_as_it_is_shown():
    document = pymupdf.Document(stream=PAGE)
    document[0].set_rotation(90)
    (box,) = (block["bbox"] for block in document[0].get_text("dict", flags=pymupdf.TEXT_MEDIABOX_CLIP)["blocks"])
    shown = picture(render_page(document.tobytes(), 1, [], dpi=72))
    assert (shown.width, shown.height) == (842, 595)
    turned = pymupdf.Rect(box) * document[0].rotation_matrix
    marked = picture(render_page(document.tobytes(), 1, [box], dpi=72))
    letters = [(x, y) for x in range(842) for y in range(595) if sum(shown.pixel(x, y)) < 120]
    assert letters
    assert all(turned.x0 - 1 <= x <= turned.x1 + 1 and turned.y0 - 1 <= y <= turned.y1 + 1 for x, y in letters)
    assert (255, 236, 110) in {marked.pixel(x, y) for x, y in ((int(turned.x1) - 3, int(turned.y0) + 3),)}


def test_boxes_outside_the_page_draw_nothing():
    assert render_page(PAGE, 1, [(-50, -50, -1, -1), (5000, 1, 6000, 2), (9, 9, 9, 9)]) == render_page(PAGE, 1)


@pytest.mark.parametrize(
    ("source", "number", "error"),
    [
        (PAGE, 2, NoSuchPageError),
        (PAGE, 0, NoSuchPageError),
        (locked_pdf(), 1, NotRenderableError),
        (word(), 1, NotRenderableError),
        (b"", 1, NotRenderableError),
        (b"%PDF-1.7\n" + b"\x00" * 500, 1, RenderError),
    ],
)
def test_what_cannot_be_shown_says_why(source, number, error):
    with pytest.raises(error):
        render_page(source, number)


def test_a_path_or_an_open_file_will_do(tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(PAGE)
    with path.open("rb") as file:
        assert render_page(path, 1) == render_page(file, 1) == render_page(PAGE, 1)


def test_bounds_are_kept():
    with pytest.raises(ValueError, match="dpi"):
        render_page(PAGE, 1, dpi=10_000)
    with pytest.raises(ValueError, match="boxes"):
        render_page(PAGE, 1, [(0, 0, 1, 1)] * (MAX_BOXES + 1))


def test_a_vast_page_is_rendered_at_fewer_dots():
    document = pymupdf.Document()
    document.new_page(width=14_000, height=14_000)
    shown = picture(render_page(document.tobytes(), 1, dpi=300))
    assert shown.width * shown.height <= 24_100_000


def test_time_and_memory_are_limited():
    with pytest.raises(RenderLimitError, match="longer"):
        render_page(PAGE, 1, timeout_seconds=0.01)
    document = pymupdf.Document()
    document.new_page(width=4000, height=4000)
    with pytest.raises(RenderLimitError, match="memory"):
        render_page(document.tobytes(), 1, dpi=300, memory_mib=16)
