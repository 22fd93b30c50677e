"""Renders one page: `python -m resources.rendering_worker JOB SECONDS MEMORY_MIB < document > picture`.

JOB is JSON: page, boxes, dpi. The exit code says what went wrong (`resources/rendering.py`). Started for every page,
so it imports as little as it can: PyMuPDF alone, without its optional layout models.
"""

import json
import math
import os
import resource
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from resources.rendering import LOCKED, MAX_IMAGE_BYTES, NO_SUCH_PAGE, NOT_A_PDF, STARVED

_MAX_PIXELS: Final = 24_000_000
_POINTS_PER_INCH: Final = 72
_YELLOW: Final = (255, 236, 110)
_EDGE: Final = (214, 120, 0)
_FORBIDDEN: Final = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.remove")


def main() -> None:
    """Render, and end with a code that says how it went."""
    job, seconds, memory_mib = json.loads(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    signal.alarm(math.ceil(seconds) + 3)  # with nobody left to kill us
    for name in ("pymupdf.layout", "pymupdf4llm"):
        sys.modules[name] = None  # type: ignore[assignment] # Python's own way to say: as if it were not installed
    import pymupdf

    _limit(memory_mib)
    sys.addaudithook(_refuse)
    try:
        document = _opened(pymupdf, sys.stdin.buffer.read())
        if "first" in job:
            written = _sizes(document, job["first"], job["count"])
        else:
            written = _picture(pymupdf, document, job["page"], job["boxes"], job["dpi"])
    except MemoryError:
        os._exit(STARVED)
    except (RuntimeError, ValueError, IndexError, pymupdf.mupdf.FzErrorBase) as error:
        os._exit(STARVED if "malloc" in str(error) or "memory" in str(error) else NOT_A_PDF)
    view = memoryview(written)
    while view:
        view = view[os.write(sys.stdout.fileno(), view) :]
    os._exit(0)


def _opened(pymupdf: Any, data: bytes) -> Any:
    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    if b"%PDF-" not in data[:1024] and not data.startswith(b"%"):
        os._exit(NOT_A_PDF)
    document = pymupdf.Document(stream=data, filetype="pdf")
    if document.needs_pass and not document.authenticate(""):
        os._exit(LOCKED)
    return document


def _sizes(document: Any, first: int, count: int) -> bytes:
    pages = []
    for number in range(first, min(first + count, document.page_count + 1)):
        page = document[number - 1]
        upright = page.rect * page.derotation_matrix
        pages.append((number, round(upright.width, 2), round(upright.height, 2), page.rotation))
    return json.dumps({"pages": pages, "total": document.page_count}).encode()


def _picture(pymupdf: Any, document: Any, number: int, boxes: list[list[float]], dpi: int) -> bytes:
    if not 1 <= number <= document.page_count:
        os._exit(NO_SUCH_PAGE)
    page = document[number - 1]
    inches = max(1e-6, page.rect.width * page.rect.height / _POINTS_PER_INCH**2)
    scale = min(dpi, math.sqrt(_MAX_PIXELS / inches)) / _POINTS_PER_INCH
    pixels = page.get_pixmap(matrix=pymupdf.Matrix(scale, scale), colorspace=pymupdf.csRGB, alpha=False)
    turned = [tuple(pymupdf.Rect(box) * page.rotation_matrix) for box in boxes]
    shown = pymupdf.Pixmap(pymupdf.csRGB, pixels.width, pixels.height, _marked(pixels, turned, scale), False)
    shown.set_dpi(round(scale * _POINTS_PER_INCH), round(scale * _POINTS_PER_INCH))
    return bytes(shown.tobytes("png"))


def _marked(pixels: Any, boxes: Sequence[Sequence[float]], scale: float) -> bytearray:
    """The samples with each box tinted as by a marker pen, which leaves dark letters dark, and a thin edge."""
    samples = bytearray(pixels.samples_mv)
    width, height = pixels.width, pixels.height
    tables = [bytes(value * tint // 255 for value in range(256)) for tint in _YELLOW]
    marked: set[tuple[int, int, int, int]] = set()
    for x0, y0, x1, y1 in boxes:
        left, right = (_within(x * scale, width) for x in (min(x0, x1), max(x0, x1)))
        top, bottom = (_within(y * scale, height) for y in (min(y0, y1), max(y0, y1)))
        if right > left and bottom > top:
            marked.add((left, top, right, bottom))
    for left, top, right, bottom in sorted(marked):
        for y in range(top, bottom):
            start, stop = 3 * (y * width + left), 3 * (y * width + right)
            for channel, table in enumerate(tables):
                samples[start + channel : stop : 3] = samples[start + channel : stop : 3].translate(table)
    for left, top, right, bottom in sorted(marked):
        for y in (top, bottom - 1):
            samples[3 * (y * width + left) : 3 * (y * width + right)] = bytes(_EDGE) * (right - left)
        for y in range(top, bottom):
            for x in (left, right - 1):
                samples[3 * (y * width + x) : 3 * (y * width + x) + 3] = bytes(_EDGE)
    return samples


def _within(position: float, size: int) -> int:
    return round(min(max(position, 0.0), float(size)))


def _limit(memory_mib: int) -> None:
    """Bound address space by what is mapped now and the limit; the picture's size; no core dumps."""
    mapped = 0
    if sys.platform == "linux":
        mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    for kind, most in (
        (resource.RLIMIT_AS, mapped + memory_mib * 2**20),
        (resource.RLIMIT_FSIZE, MAX_IMAGE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: the renderer opens no connection, starts no program and writes no file by name."""
    if event.startswith(_FORBIDDEN):
        raise PermissionError(f"the renderer may not do this: {event}")
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        raise PermissionError("the renderer may not write files")


if __name__ == "__main__":
    main()
