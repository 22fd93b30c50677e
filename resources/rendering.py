"""Pictures of pages: rendered in a process of its own, with limits on time and memory, and gone after one page.

A PDF is code from a stranger for the renderer's parser. A process serves one page only, so that a file which takes it
over never sees the pages of another tenant.
"""

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in points from the top left of the page before its rotation, as segments and evidence have them."""

MAX_BOXES: Final = 500
MIN_DPI: Final = 36
MAX_DPI: Final = 300
MAX_IMAGE_BYTES: Final = 64 * 2**20
_TIMEOUT_SECONDS: Final = 20.0
_MEMORY_MIB: Final = 768
_WORKERS: Final = max(1, min(4, os.cpu_count() or 1))
_AT_ONCE: Final = threading.BoundedSemaphore(_WORKERS)
_PLACES: Final = threading.BoundedSemaphore(_WORKERS + 8)  # who waits holds a thread that others need
_WAIT_SECONDS: Final = 20.0
# The renderer sees of the environment what Python needs to start, and none of the secrets in it
_ENVIRONMENT: Final = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "VIRTUAL_ENV")

NO_SUCH_PAGE: Final = 64
NOT_A_PDF: Final = 65
LOCKED: Final = 66
STARVED: Final = 77


class RenderError(Exception):
    """A page could not be rendered; the message says why, in words for the person who asked."""


class NoSuchPageError(RenderError):
    """The document has no page of this number."""


class NotRenderableError(RenderError):
    """The document has no pages that could be shown: no PDF, damaged, or behind a password."""


class RenderLimitError(RenderError):
    """Rendering took more time or memory than it may."""


class RenderBusyError(RenderError):
    """Too many pages are being rendered; try again."""


def render_page(
    source: bytes | Path | IO[bytes],
    page: int,
    boxes: Sequence[Box] = (),
    dpi: int = 110,
    *,
    timeout_seconds: float = _TIMEOUT_SECONDS,
    memory_mib: int = _MEMORY_MIB,
) -> bytes:
    """The page of a PDF (counted from 1) as PNG, the boxes highlighted.

    `source` is the file's bytes, its path, or the file opened for reading. `dpi` is 36 to 300; a very large page is
    rendered at fewer. Raises NoSuchPageError, NotRenderableError, RenderLimitError, RenderBusyError; ValueError when
    `dpi` or the number of boxes is out of bounds.
    """
    if not MIN_DPI <= dpi <= MAX_DPI:
        raise ValueError(f"dpi is {dpi}; it must be {MIN_DPI} to {MAX_DPI}.")
    if len(boxes) > MAX_BOXES:
        raise ValueError(f"{len(boxes)} boxes; at most {MAX_BOXES} are drawn.")
    job = {"page": page, "boxes": [list(box) for box in boxes], "dpi": dpi}
    return _work(job, page, source, timeout_seconds, memory_mib)


@dataclass(frozen=True, slots=True)
class PageSize:
    """A page in points before its rotation, and the degrees by which it is shown turned clockwise."""

    number: int
    width: float
    height: float
    rotation: int


def page_sizes(source: bytes | Path | IO[bytes], first: int, count: int) -> tuple[list[PageSize], int]:
    """(at most `count` pages of a PDF from `first` on, how many it has). Raises as `render_page`."""
    told = json.loads(_work({"first": first, "count": count}, first, source, _TIMEOUT_SECONDS, _MEMORY_MIB))
    return [PageSize(int(n), float(w), float(h), int(r)) for n, w, h, r in told["pages"]], int(told["total"])


def _work(
    job: Mapping[str, Any], page: int, source: bytes | Path | IO[bytes], seconds: float, memory_mib: int
) -> bytes:
    """What a process writes that is given a job and a document."""
    busy = RenderBusyError("Too many pages are being rendered at the moment; try again.")
    if not _PLACES.acquire(blocking=False):
        raise busy
    try:
        if not _AT_ONCE.acquire(timeout=_WAIT_SECONDS):
            raise busy
        try:
            return _result(job, page, source, seconds, memory_mib)
        finally:
            _AT_ONCE.release()
    finally:
        _PLACES.release()


def _result(
    job: Mapping[str, Any], page: int, source: bytes | Path | IO[bytes], seconds: float, memory_mib: int
) -> bytes:
    with tempfile.TemporaryFile() as result:
        code = _run(json.dumps(job, allow_nan=False), source, result, seconds, memory_mib)
        if code != 0:
            raise _error(code, page)
        result.seek(0)
        return result.read()


def _run(job: str, source: bytes | Path | IO[bytes], result: IO[bytes], seconds: float, memory_mib: int) -> int:
    """Have a process write into `result`; its exit code. What it reads is a file: a pipe would have to be fed."""
    if isinstance(source, Path):
        with source.open("rb") as file:
            return _run(job, file, result, seconds, memory_mib)
    if isinstance(source, bytes) or not hasattr(source, "fileno"):
        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(io.BytesIO(source) if isinstance(source, bytes) else source, copy)
            copy.seek(0)
            return _run(job, copy, result, seconds, memory_mib)
    try:
        return subprocess.run(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "resources.rendering_worker", job, str(seconds), str(memory_mib)],
            stdin=source,
            stdout=result,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            timeout=seconds,
            start_new_session=True,  # an interrupt at the terminal is the parent's to handle
            check=False,
        ).returncode
    except subprocess.TimeoutExpired as error:
        raise RenderLimitError(f"Rendering took longer than {seconds:g} seconds.") from error


def _error(code: int, page: int) -> RenderError:
    match code:
        case _ if code == NO_SUCH_PAGE:
            return NoSuchPageError(f"The document has no page {page}.")
        case _ if code == NOT_A_PDF:
            return NotRenderableError("The file has no pages that can be shown, or is damaged.")
        case _ if code == LOCKED:
            return NotRenderableError("The file is protected by a password.")
        case _ if code == STARVED:
            return RenderLimitError("Rendering the page needs more memory than it may take.")
        case _ if code < 0:
            return RenderLimitError(f"The page made the renderer end (signal {-code}).")
        case _:
            return NotRenderableError("The page cannot be rendered; the file may be damaged.")


def _environment() -> dict[str, str]:
    root = str(Path(__file__).resolve().parents[1])  # where the package is imported from
    paths = [root, *(path for path in sys.path if path)]
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
        "PYTHONUTF8": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }
