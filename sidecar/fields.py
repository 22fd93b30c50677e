"""Kinds of fields that requests are made of: what they may hold stands in the OpenAPI, and Postgres can hold it.

Every text is bounded, holds no NUL (which Postgres cannot store) and is in Unicode's composed form (NFC), so that a
name typed on one machine is found from another. Text that is no Unicode at all (half a surrogate pair) is refused.
"""

import math
import re
import unicodedata
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

NO_NUL = r"^[^\x00]*$"
"""For the constraints of a text field of its own length: `StringConstraints(max_length=9, pattern=NO_NUL)`."""
NOT_BLANK = r"^[^\x00]*[^\s\x00][^\x00]*$"
"""As NO_NUL, and something besides spaces in it."""

SLUG = r"^[a-z0-9][a-z0-9-]{0,62}$"
VARIABLE_NAME = r"^[a-z][a-z0-9_]{0,59}$"

INT32_MAX = 2**31 - 1
INT64_MAX = 2**63 - 1

_JSON_DEPTH = 32
_JSON_NODES = 20_000
_JSON_TEXT = 100_000


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def text_field(most: int, *, blank: bool = False) -> Any:
    """A kind of text of at most `most` characters; with `blank` it may be empty or hold spaces only."""
    constraints = StringConstraints(
        min_length=None if blank else 1, max_length=most, pattern=NO_NUL if blank else NOT_BLANK
    )
    return Annotated[str, constraints, AfterValidator(_composed)]


Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NOT_BLANK), AfterValidator(_composed)]
"""What a person calls a thing; not blank."""

Line = Annotated[str, StringConstraints(max_length=1000, pattern=NO_NUL), AfterValidator(_composed)]
"""A short text: a note, a reason, a search; may be empty."""

Text = Annotated[str, StringConstraints(max_length=20_000, pattern=NO_NUL), AfterValidator(_composed)]
"""Instructions, descriptions; may be empty."""

LongText = Annotated[str, StringConstraints(max_length=200_000, pattern=NO_NUL), AfterValidator(_composed)]
"""A whole prompt, a file's content; may be empty."""

Slug = Annotated[str, StringConstraints(max_length=63, pattern=SLUG)]
"""An id that stands in addresses and partition keys: of a project, of a tenant."""

ProjectId = Slug

VariableName = Annotated[str, StringConstraints(max_length=60, pattern=VARIABLE_NAME)]


def _no_number(value: Any) -> Any:
    """JSON tells numbers from truth values and texts, so a body does too."""
    if isinstance(value, bool | str):
        raise PydanticCustomError("number_type", "Input should be a number")
    return value


IN_JSON = BeforeValidator(_no_number)
"""For a number of a JSON body: `5`, and neither `"5"` nor `true`."""

Flag = Annotated[bool, Field(strict=True)]
"""True or false in a JSON body: neither 0 nor "no"."""

Int32 = Annotated[int, Field(ge=-INT32_MAX - 1, le=INT32_MAX)]
"""What Postgres holds as INTEGER."""

Count = Annotated[int, Field(ge=0, le=INT32_MAX), IN_JSON]
"""In a JSON body: not negative, and what Postgres holds as INTEGER."""

Int64 = Annotated[int, Field(ge=-INT64_MAX - 1, le=INT64_MAX)]
"""What Postgres holds as BIGINT."""

Number = Annotated[float, Field(allow_inf_nan=False), IN_JSON]
"""A number that is one: neither infinite nor NaN, which JSON does not know."""

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), IN_JSON]
"""From 0 to 1: a confidence, a threshold."""


ONLY_THESE_KEYS: JsonDict = {"additionalProperties": False}
"""For a dictionary whose keys have a pattern: `patternProperties` alone lets every other key through."""


def each_once(names: list[str]) -> list[str]:
    """For lists whose schema says `uniqueItems`. Raises ValueError."""
    if len(set(names)) < len(names):
        raise ValueError("a name stands in it twice")
    return names


_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def _rfc3339(value: Any) -> Any:
    if isinstance(value, str) and not _INSTANT.fullmatch(value):
        raise ValueError("write it as 2026-01-31T12:00:00Z, with its time zone")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_rfc3339)]
"""A moment, as RFC 3339 writes it: with its time zone."""


BEYOND_SCHEMA = "beyond_schema"
"""The type of a fault that no JSON Schema can tell of: such a request is not invalid but unusable."""


def _beyond(said: str) -> PydanticCustomError:
    return PydanticCustomError(BEYOND_SCHEMA, "{said}", {"said": said})


def checked_json(value: Any) -> Any:
    """A JSON value that Postgres can store as jsonb and that is no bomb.

    Raises ValueError for NUL or broken Unicode in a text or key, for a number that is not finite or not storable, and
    for more than 32 levels, 20,000 parts or 100,000 characters in one text.
    """
    waiting: list[tuple[Any, int]] = [(value, 1)]
    seen = 0
    while waiting:
        part, depth = waiting.pop()
        seen += 1
        if seen > _JSON_NODES:
            raise _beyond(f"more than {_JSON_NODES:,} parts")
        if depth > _JSON_DEPTH:
            raise _beyond(f"nested deeper than {_JSON_DEPTH} levels")
        if isinstance(part, dict):
            waiting += ((inner, depth + 1) for pair in part.items() for inner in pair)
        elif isinstance(part, list):
            waiting += ((inner, depth + 1) for inner in part)
        else:
            _check_leaf(part)
    return value


def _check_leaf(part: Any) -> None:
    if isinstance(part, str):
        if len(part) > _JSON_TEXT:
            raise _beyond(f"a text of more than {_JSON_TEXT:,} characters")
        if "\x00" in part:
            raise _beyond("a text holds a NUL character")
        if any("\ud800" <= character <= "\udfff" for character in part):
            raise _beyond("a text is no valid Unicode (half a surrogate pair)")
    elif isinstance(part, float) and not math.isfinite(part):
        raise _beyond("a number is infinite or NaN")
    elif isinstance(part, int) and not -(10**400) < part < 10**400:
        raise _beyond("a number has more than 400 digits")


Json = Annotated[Any, BeforeValidator(checked_json), WithJsonSchema({"description": "Any JSON value"})]
"""Any JSON value, for example the value of a cell."""

CellValue = Annotated[
    Any,
    WithJsonSchema(
        {
            "description": "By the variable's type: NUMBER a number, BOOLEAN true or false, TEXT, CATEGORY and "
            "LOCATION text, DATE text such as 2021-01-31 (2021-01 or 2021 where no more is known), JSON any JSON; of "
            "a variable that keeps several values a list of these; null: none",
            "examples": [20000],
        }
    ),
]
"""What a cell holds, as it is shown."""

JsonObject = Annotated[dict[str, Any], BeforeValidator(checked_json)]
"""Any JSON object."""

ProjectPath = Annotated[
    str, Path(max_length=63, pattern=SLUG, description="Id of the project", examples=["loan-decisions"])
]
VariablePath = Annotated[
    str, Path(max_length=60, pattern=VARIABLE_NAME, description="Name of the variable", examples=["amount"])
]
TaskPath = Annotated[UUID, Path(description="Id of the task")]
DocumentPath = Annotated[UUID, Path(description="Id of the document")]
