"""What the schema found wrong with a field, in words that say what to send instead.

Pydantic names the regular expression that did not match, and of a choice by `kind` the Python names of all members:
both are true, and help nobody who only sees the API.
"""

import re
from collections.abc import Mapping
from typing import Any

from resources.accounts import EMAIL
from sidecar.fields import NO_NUL, NOT_BLANK, SLUG, VARIABLE_NAME
from sidecar.problems import FieldProblem, shown
from sidecar.projects.fields import ON_ONE_LINE, ON_SEVERAL_LINES, SOMETHING_ON_LINES, SOMETHING_ON_ONE_LINE

_UNSEEN = "no control characters, and none that turn the direction of text"
FORMS: Mapping[str, str] = {
    EMAIL: "This is no email address: send one such as ada@example.org",
    NO_NUL: "The text holds the character NUL (U+0000), which cannot be stored",
    NOT_BLANK: "Send something besides spaces, without the character NUL (U+0000)",
    ON_ONE_LINE: f"Send one line, with {_UNSEEN}",
    ON_SEVERAL_LINES: f"Send text with {_UNSEEN}",
    SLUG: "Send lower-case letters, digits and hyphens, at most 63, no hyphen first",
    SOMETHING_ON_LINES: f"Send something besides spaces, with {_UNSEEN}",
    SOMETHING_ON_ONE_LINE: f"Send something besides spaces, on one line, with {_UNSEEN}",
    VARIABLE_NAME: "Send lower-case letters, digits and underscores, beginning with a letter, at most 60",
}
"""By the pattern that was not met. Patterns that are not here are short, and shown as they are."""


def field_problem(error: Mapping[str, Any]) -> FieldProblem:
    """One of the errors that Pydantic lists (`type`, `loc`, `msg`, `ctx`), for whoever sent the field."""
    where, message = [str(part) for part in error["loc"]], str(error["msg"])
    context = error.get("ctx", {})
    match error["type"]:
        case "string_pattern_mismatch":
            message = FORMS.get(context["pattern"], message)
        case "union_tag_invalid":  # expected_tags: "<TaskKind.SAMPLE: 'SAMPLE'>, …" or "'a', 'b'"
            where.append(_unquoted(context["discriminator"]))
            tags = re.findall(r"'([^']*)'", context["expected_tags"])
            message = f"Input should be {', '.join(tags)} (got {shown(str(context['tag']))!r})"
        case "union_tag_not_found":
            where.append(_unquoted(context["discriminator"]))
            message = "Field required"
    return FieldProblem(field=shown(".".join(where)), message=shown(message))


def _unquoted(discriminator: str) -> str:
    return discriminator.strip("'")
