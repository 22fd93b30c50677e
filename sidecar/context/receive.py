"""Reading an upload: part by part into temporary files, each counted while it comes.

The framework's own form parser is not used: it reads the whole body before anybody has asked who sent it, and knows
no limit for one file.
"""

from dataclasses import dataclass, field
from typing import Final

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool

from resources.files import BlobStore, FileTooLargeError, Incoming
from sidecar.context.names import display_name
from sidecar.problems import BadRequest, Invalid, UnsupportedMedia

MAX_FILE_BYTES: Final = 50 * 2**20
MAX_FILES: Final = 100
MAX_BODY_BYTES: Final = 2**30
_MAX_FIELD_BYTES: Final = 200
_FILES, _PROJECT = "files", "project_id"


@dataclass(slots=True)
class Part:
    """One file that came; `too_large` when it was cut off."""

    name: str
    incoming: Incoming
    too_large: bool = False


@dataclass(slots=True)
class Form:
    """What came: the project's id as it was sent, and the files."""

    project_id: str | None = None
    parts: list[Part] = field(default_factory=list)

    def discard(self) -> None:
        """Remove the temporary files."""
        for part in self.parts:
            part.incoming.discard()


class _Reader:
    """Callbacks of the multipart parser."""

    def __init__(self, form: Form, files: BlobStore, tenant: str) -> None:
        self._form, self._files, self._tenant = form, files, tenant
        self._header, self._value = bytearray(), bytearray()
        self._disposition = b""
        self._part: Part | None = None
        self._field = bytearray()
        self.complete = False

    def on_part_begin(self) -> None:
        self._disposition, self._part = b"", None
        self._field.clear()

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def on_headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"")
        if name == _PROJECT.encode():
            if b"filename" in options:
                raise Invalid(f"body.{_PROJECT}: send the project's id as a field, not as a file.")
            if self._form.project_id is not None:
                raise Invalid(f"body.{_PROJECT}: it was sent more than once.")
        elif name == _FILES.encode():
            if len(self._form.parts) == MAX_FILES:
                raise Invalid(f"body.{_FILES}: more than {MAX_FILES} files; send the rest with another request.")
            self._part = Part(
                display_name(_text(options.get(b"filename", b""))),
                self._files.receive(self._tenant, limit=MAX_FILE_BYTES),
            )
            self._form.parts.append(self._part)
        else:
            raise Invalid(f"body: {_text(name)[:100]!r} is no field of an upload; send `{_PROJECT}` and `{_FILES}`.")

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._part is None:
            self._field += data[start:end]
            if len(self._field) > _MAX_FIELD_BYTES:
                raise Invalid(f"body.{_PROJECT}: this is no project's id.")
        elif not self._part.too_large:
            try:
                self._part.incoming.write(data[start:end])
            except FileTooLargeError:
                self._part.too_large = True

    def on_part_end(self) -> None:
        if self._part is None:
            self._form.project_id = _text(bytes(self._field))
        else:
            self._part.incoming.finish()

    def on_end(self) -> None:
        self.complete = True


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace").replace("\x00", "\ufffd")


async def read_form(request: Request, form: Form, files: BlobStore, tenant: str) -> None:
    """Read the body into `form`, which holds what came until then when this raises.

    Raises UnsupportedMedia, BadRequest (no multipart as it should be) and Invalid (other fields, too many files).
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data":
        raise UnsupportedMedia("Send multipart/form-data with `project_id` and one or more `files`.")
    boundary = options.get(b"boundary", b"")
    if not 0 < len(boundary) <= 200:
        raise BadRequest("The Content-Type names no boundary between the parts.")
    reader = _Reader(form, files, tenant)
    names = ("part_begin", "header_field", "header_value", "header_end", "headers_finished", "part_data", "part_end")
    callbacks = {f"on_{name}": getattr(reader, f"on_{name}") for name in (*names, "end")}
    parser = MultipartParser(boundary, callbacks)  # type: ignore[arg-type] # a TypedDict of exactly these names
    try:
        async for block in request.stream():
            if block:
                await run_in_threadpool(parser.write, block)
        parser.finalize()
    except FormParserError as error:
        raise BadRequest(f"The body is no valid multipart/form-data ({error}).") from error
    if not reader.complete:
        raise BadRequest("The body ends in the middle of a part; the transfer was cut off.")
