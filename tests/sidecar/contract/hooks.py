"""What schemathesis cannot know by itself; loaded by it from `schemathesis.toml`."""

from __future__ import annotations

import schemathesis
from schemathesis import Case, CheckContext, Response
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.specs.openapi.checks import positive_data_acceptance

UNUSABLE = "urn:crucible:problem:unusable"
PRECONDITION = "urn:crucible:problem:precondition-failed"


@schemathesis.check
def valid_data_is_taken(ctx: CheckContext, response: Response, case: Case) -> None:
    """`positive_data_acceptance`, but what no schema can say is let through, and only under its own problem type.

    That is: what does not go with what is there or with itself (`unusable`), and an `If-Match` that names another
    version (412). What the schema could have forbidden is of type `invalid`, and fails.
    """
    try:
        positive_data_acceptance(ctx, response, case)
    except RejectedPositiveData:
        said = response.json().get("type") if "problem+json" in str(response.headers.get("content-type")) else None
        if said == PRECONDITION and "If-Match" in case.headers:
            return
        if said != UNUSABLE:
            raise
