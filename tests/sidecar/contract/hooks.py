"""What schemathesis cannot know by itself; loaded by it from `schemathesis.toml`."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, HookContext, Response
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.sidecar.contract.offered import LASTING

UNUSABLE = "urn:crucible:problem:unusable"
PRECONDITION = "urn:crucible:problem:precondition-failed"
NOBODY = "00000000-0000-4000-8000-000000000000"
ASKERS = frozenset(filter(None, os.environ.get("CRUCIBLE_CONTRACT_ASKERS", "").split(",")))
"""Ids of the users who ask: without them the rest of a run would be answered 401."""
WORLDS: list[dict[str, str]] = json.loads(Path(os.environ["CRUCIBLE_CONTRACT_WORLDS"]).read_text(encoding="utf-8"))
"""Ids that belong together (offered.py)."""
_LASTING, _DOOMED = WORLDS[:LASTING], itertools.cycle(WORLDS[LASTING:])
_NAMED = itertools.cycle((True, False))  # whether a version is named: one that is made up seldom is the present one
_NAMES = {world[name]: name for world in WORLDS for name in world if world[name] not in ("", "1", "price")}
_PLACES = {world[name]: world for world in _LASTING for name in world if world[name] in _NAMES}


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    """Who asks does not remove, demote or lock themselves out; it is asked of somebody who is not there instead."""
    mine = case.path == "/v1/users/{user_id}" and str(case.path_parameters.get("user_id")).lower() in ASKERS
    if mine and case.method in ("PATCH", "DELETE"):
        case.path_parameters["user_id"] = NOBODY
    if case.headers and "If-Match" in case.headers and not next(_NAMED):
        del case.headers["If-Match"]
    if case.media_type != "multipart/form-data":  # schemathesis cannot validate one anew
        _keep_together(case)


def _keep_together(case: Case) -> None:
    """What is offered for a request is of one world; what deletes or archives gets one that nothing else asks of."""
    parts = {name: getattr(case, name) for name in ("path_parameters", "query", "body")}
    world = next((_PLACES[text] for part in parts.values() for text in _texts(part) if text in _PLACES), None)
    if world is None:
        return
    if case.method == "DELETE" or case.path.endswith(("/archive", "/context/delete")):
        world = next(_DOOMED)
    for name, part in parts.items():
        if (moved := _moved(part, world)) != part:
            setattr(case, name, moved)


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, Mapping | list):
        for inner in part.values() if isinstance(part, Mapping) else part:
            yield from _texts(inner)


def _moved(part: Any, world: dict[str, str]) -> Any:
    """The same with the ids of this world in place of those of another."""
    if isinstance(part, str):
        return world[_NAMES[part]] if part in _PLACES else part
    if isinstance(part, dict):
        return {key: _moved(inner, world) for key, inner in part.items()}
    return [_moved(inner, world) for inner in part] if isinstance(part, list) else part


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
