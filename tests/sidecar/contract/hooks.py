"""What schemathesis cannot know by itself; loaded by it from `schemathesis.toml`."""

from __future__ import annotations

import os
from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, HookContext, Response
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.specs.openapi.checks import positive_data_acceptance

UNUSABLE = "urn:crucible:problem:unusable"
PRECONDITION = "urn:crucible:problem:precondition-failed"
NOBODY = "00000000-0000-4000-8000-000000000000"
ASKERS = frozenset(filter(None, os.environ.get("CRUCIBLE_CONTRACT_ASKERS", "").split(",")))
"""Ids of the users who ask: without them the rest of a run would be answered 401."""


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    """Who asks does not remove, demote or lock themselves out; it is asked of somebody who is not there instead."""
    mine = case.path == "/v1/users/{user_id}" and str(case.path_parameters.get("user_id")).lower() in ASKERS
    if mine and case.method in ("PATCH", "DELETE"):
        case.path_parameters["user_id"] = NOBODY


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
