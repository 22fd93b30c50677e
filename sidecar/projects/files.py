"""Reading a project file that is sent: its kind, its size, its text, its data."""

from typing import Annotated, Any

from fastapi import Depends, Request

from resources.project import ProjectError
from resources.project_yaml import LONGEST_FILE, data_from_json, data_from_yaml
from sidecar.problems import BadRequest, Invalid, TooLarge, UnsupportedMedia
from sidecar.projects.service import problem_of

YAML, JSON = "application/yaml", "application/json"
_TAKEN = frozenset({YAML, JSON, "application/x-yaml", "text/yaml", "text/x-yaml"})


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _content(request: Request) -> bytes:
    """The body, of a kind and size that is taken. Raises UnsupportedMedia and TooLarge."""
    if _kind(request) not in _TAKEN:
        raise UnsupportedMedia(f"Send a project file as {YAML} or {JSON}.")
    content = bytearray()
    async for block in request.stream():
        content += block
        if len(content) > LONGEST_FILE:
            raise TooLarge(f"A project file has at most {LONGEST_FILE:,} bytes.")
    return bytes(content)


def _data(request: Request, content: Annotated[bytes, Depends(_content)]) -> dict[str, Any]:
    """The plain data of the file that was sent. Raises BadRequest and Invalid."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequest(f"The file is not UTF-8 text: {error.reason} at byte {error.start}.") from None
    try:
        return data_from_json(text) if _kind(request) == JSON else data_from_yaml(text)
    except ProjectError as error:
        raise problem_of(error, Invalid) from None


ProjectFile = Annotated[dict[str, Any], Depends(_data)]
