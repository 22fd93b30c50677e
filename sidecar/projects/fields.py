"""Texts of projects and variables: what a project file may hold, said in the OpenAPI."""

from typing import Annotated

from pydantic import Field, StringConstraints

from resources.project_texts import LONGEST_LINE, LONGEST_TEXT, LONGEST_UNIT
from resources.reranking.specs import RERANKER_PATTERN

# what nobody can see but a model reads: control characters, those that turn the direction of text
_UNSEEN = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069"
_BREAKS = r"\t\n\r\u2028\u2029"
_ANY = rf"[^{_UNSEEN}]"
_ON_LINE = rf"[^{_UNSEEN}\n\r\u2028\u2029]"
_VISIBLE = rf"[^{_UNSEEN}{_BREAKS}\s]"

ON_SEVERAL_LINES = rf"^{_ANY}*$"
SOMETHING_ON_LINES = rf"^{_ANY}*{_VISIBLE}{_ANY}*$"
ON_ONE_LINE = rf"^{_ON_LINE}*$"
SOMETHING_ON_ONE_LINE = rf"^{_ON_LINE}*{_VISIBLE}{_ON_LINE}*$"

Words = Annotated[str, StringConstraints(max_length=LONGEST_TEXT, pattern=ON_SEVERAL_LINES)]
"""A text of several lines; may be empty."""

Instructions = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT, pattern=SOMETHING_ON_LINES)]
"""A text of several lines with something in it."""

OneLine = Annotated[str, StringConstraints(max_length=LONGEST_LINE, pattern=ON_ONE_LINE)]
"""A text of one line; may be empty."""

Title = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_LINE, pattern=SOMETHING_ON_ONE_LINE)]
"""A text of one line with something in it."""

Unit = Annotated[str, StringConstraints(max_length=LONGEST_UNIT, pattern=ON_ONE_LINE)]

ModelName = Annotated[
    str,
    StringConstraints(max_length=200, pattern=r"^(anthropic|openai|gguf|local)(:[\x21-\x7e]+)?$"),
    Field(description="As `crucible run --model` takes it", examples=["openai:gpt-4.1-mini"]),
]

RerankerName = Annotated[
    str,
    StringConstraints(max_length=200, pattern=RERANKER_PATTERN),
    Field(description="As CRUCIBLE_RERANKER takes it", examples=["endpoint:rerank-v3.5"]),
]
