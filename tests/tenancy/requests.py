"""Attempts over HTTP, generated from the application's own OpenAPI: a new route is attempted without being listed.

What is listed is only how an id is called. A parameter that is neither a known id nor known to be none fails the
suite.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from fastapi import FastAPI

from tests.tenancy.rows import Owned
from tests.tenancy.statements import Report

ALIASES = {
    "project": "project_id",
    "from_project": "project_id",
    "source_id": "document_id",
    "against": "version",
    "user": "user_id",
    "task": "task_id",
    "document": "document_id",
    "documents": "document_id",
    "ids": "document_id",
}
"""Other names of parameters and fields, and the id that they take."""
NO_IDS = {
    "action",
    "actor",
    "after",
    "archived",
    "author",
    "before",
    "by",
    "characters",
    "count",
    "current",
    "days",
    "deleted",
    "dpi",
    "draw",
    "end",
    "everybody",
    "evidence",
    "format",
    "from",
    "kind",
    "limit",
    "max_confidence",
    "min_confidence",
    "object",
    "order",
    "origin",
    "q",
    "replace",
    "reviewed",
    "since",
    "sort",
    "start",
    "state",
    "status",
    "ticket",
    "to",
    "until",
    "verdict",
}
"""Parameters of paths and queries under which nothing of a tenant is asked for."""
_HOSTILE = (
    "x'; SET app.tenant_id = '{owner}'; --",
    "'; SELECT set_config('app.tenant_id', '{owner}', false); --",
    "' OR tenant_id = '{owner}' --",
    "') UNION SELECT text FROM document_texts --",
    "'; SET ROLE postgres; --",
    "'; RESET ROLE; SET row_security = off; --",
    "%",
    "{owner}/{project_id}",
    "../{owner}/x",
)
_QUIET = {401, 403, 404, 405, 409, 410, 413, 415, 422, 400, 428}
_METHODS = {"get", "post", "put", "patch", "delete"}


@dataclass
class Operation:
    """One route and method, as the OpenAPI tells them."""

    method: str
    path: str
    parameters: list[dict[str, Any]]
    body: dict[str, Any] | None
    media: str | None
    schemas: Mapping[str, Any]
    streams: bool

    @property
    def label(self) -> str:
        return f"{self.method.upper()} {self.path}"

    def named(self, place: str) -> list[dict[str, Any]]:
        return [parameter for parameter in self.parameters if parameter["in"] == place]


@dataclass
class Attempt:
    """One request, ready to be sent."""

    operation: Operation
    path: str
    query: dict[str, str]
    json: Any = None
    form: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    may_be_done: bool = False
    """Whether what the path names is the asker's own: it may then succeed, with nothing of the owner's in it."""


def operations(app: FastAPI) -> list[Operation]:
    """All of them."""
    schema = app.openapi()
    found = []
    for path, methods in schema["paths"].items():
        for method, said in methods.items():
            if method in _METHODS:
                content = (said.get("requestBody") or {}).get("content", {})
                media = next(iter(content), None)
                answers = said["responses"].get("200", {}).get("content", {})
                found.append(
                    Operation(
                        method,
                        path,
                        said.get("parameters", []),
                        content[media]["schema"] if media else None,
                        media,
                        schema["components"]["schemas"],
                        "text/event-stream" in answers,
                    )
                )
    return found


def id_of(name: str) -> str | None:
    """The id that a parameter of this name takes; None when it takes none. Raises KeyError when that is not known."""
    if name in NO_IDS:
        return None
    return ALIASES.get(name, name)


def unknown_parameters(app: FastAPI, ids: Mapping[str, str]) -> list[str]:
    """Parameters of paths and queries, and ids in bodies, that nobody has said anything about."""
    found = [one for operation in operations(app) for one in variants(operation)]
    parameters = {
        f"{operation.label}: {parameter['name']}"
        for operation in found
        for place in ("path", "query")
        for parameter in operation.named(place)
        if (known := id_of(parameter["name"])) is not None and known not in ids
    }
    fields = {
        f"{operation.label}: {name}"
        for operation in found
        for name in _properties(operation, operation.body, only="uuid")
        if name not in ids
    }
    return sorted(parameters | fields)


def concerns_ids(operation: Operation, ids: Mapping[str, str]) -> bool:
    """Whether something of a tenant is asked for by its id, in the path, the query or the body."""
    named = {id_of(parameter["name"]) for place in ("path", "query") for parameter in operation.named(place)}
    said = _properties(operation, operation.body)
    return bool((named - {None, "page", "version"}) | (said & ids.keys()))


def _resolved(operation: Operation, schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = operation.schemas[schema["$ref"].rsplit("/", 1)[-1]]
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            chosen = next((one for one in schema[word] if one.get("type") != "null"), schema[word][0])
            return _resolved(operation, chosen)
    return schema


def _properties(
    operation: Operation, schema: dict[str, Any] | None, depth: int = 0, only: str | None = None
) -> set[str]:
    """Under which names of ids the fields of a body stand: all of them, or those of one format."""
    if schema is None or depth > 4:
        return set()
    resolved = _resolved(operation, schema)
    found = _properties(operation, resolved.get("items"), depth + 1, only)
    for name, inner in resolved.get("properties", {}).items():
        one = _resolved(operation, inner)
        one = _resolved(operation, one["items"]) if "items" in one else one
        if only is None or one.get("format") == only:
            found.add(_field_id(name))
        found |= _properties(operation, inner, depth + 1, only)
    return found


def _field_id(name: str) -> str:
    """The id that a field of a body takes: `document_ids` holds several of one kind."""
    return ALIASES.get(name, name.removesuffix("s") if name.endswith("_ids") else name)


def body_of(operation: Operation, schema: dict[str, Any], ids: Mapping[str, str], depth: int = 0) -> Any:
    """A body that names the owner's things wherever it can."""
    resolved = _resolved(operation, schema)
    if "const" in resolved or "enum" in resolved:
        return resolved.get("const", (resolved.get("enum") or [None])[0])
    kind = resolved.get("type")
    if kind == "object" or "properties" in resolved:
        required = set(resolved.get("required", ()))
        made = {}
        for name, inner in resolved.get("properties", {}).items():
            known, wanted = ids.get(_field_id(name)), _resolved(operation, inner).get("type")
            if known is not None and wanted in ("string", "integer", "array"):
                made[name] = {"integer": int(known) if known.isdecimal() else 1, "array": [known]}.get(wanted, known)
            elif depth < 4 and (name in required or ids.keys() & _properties(operation, inner, depth + 1)):
                made[name] = body_of(operation, inner, ids, depth + 1)
        return made
    if resolved.get("examples"):
        return resolved["examples"][0]
    if "default" in resolved:
        return resolved["default"]
    if kind == "array":
        return [body_of(operation, resolved.get("items", {}), ids, depth + 1)] if depth < 4 else []
    if kind == "integer":
        return max(1, int(resolved.get("minimum", 1)))
    plain: dict[Any, Any] = {"number": 0.5, "boolean": True, "null": None}
    return plain.get(kind, ids["document_id"] if resolved.get("format") == "uuid" else "price")


def variants(operation: Operation) -> list[Operation]:
    """The operation with each kind of body that it takes: a task is asked for in many ways."""
    body = operation.body
    while body is not None and "$ref" in body:
        body = operation.schemas[body["$ref"].rsplit("/", 1)[-1]]
    return [replace(operation, body=one) for one in (body or {}).get("oneOf", [operation.body])]


def mixed_attempts(operation: Operation, own: Mapping[str, str], theirs: Mapping[str, str]) -> Iterator[Attempt]:
    """What names things of one's own and, under one name at a time, another tenant's."""
    named = {id_of(parameter["name"]) for place in ("path", "query") for parameter in operation.named(place)}
    named = (named | _properties(operation, operation.body)) & own.keys()
    if len(named) > 1:
        for name in sorted(named):
            if own[name] != theirs[name]:
                made = attempt_of(operation, {**own, name: theirs[name]})
                made.may_be_done = name not in {id_of(one["name"]) for one in operation.named("path")}
                yield made


def attempt_of(
    operation: Operation, ids: Mapping[str, str], *, change: Callable[[str, str | None], str | None] | None = None
) -> Attempt:
    """The request that names the owner's things; `change` says what a parameter (name, id) is instead."""
    path, query = operation.path, {}
    for parameter in operation.parameters:
        name, place = parameter["name"], parameter["in"]
        if place not in ("path", "query"):
            continue
        known = id_of(name)
        value = ids[known] if known is not None else None
        if change is not None:
            value = change(name, value)
        if place == "path":
            path = path.replace(
                "{" + name + "}", httpx.URL("/" + (value or "x").replace("/", "%2F")).raw_path.decode()[1:]
            )
        elif value is not None:
            query[name] = value
    made = Attempt(operation, path, query)
    if operation.body is not None:
        made_body = body_of(operation, operation.body, ids)
        if operation.media == "multipart/form-data":
            made.form = made_body
        else:
            made.json = made_body
    return made


def hostile_attempts(operation: Operation, owned: Owned) -> Iterator[Attempt]:
    """Each parameter that is text, with what would get at the owner's rows if it became SQL or a path."""
    words = [word.format(owner=owned.tenant, **owned.ids) for word in _HOSTILE]
    for parameter in operation.parameters:
        if parameter["in"] not in ("path", "query"):
            continue
        for word in words:

            def change(name: str, value: str | None, one: str = parameter["name"], word: str = word) -> str | None:
                return word if name == one else value

            yield attempt_of(operation, owned.ids, change=change)


class Asker:
    """Sends attempts to the application, without a socket."""

    def __init__(self, app: FastAPI, owned: Owned, report: Report) -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://sidecar")
        self._owned = owned
        self._report = report

    async def send(self, attempt: Attempt, headers: dict[str, str]) -> httpx.Response:
        """The answer. A stream that begins for a stranger would not end; it has ten seconds, other work a minute."""
        files = None
        data = None
        if attempt.form is not None:
            files = {"files": ("a.txt", b"harmless", "text/plain")}
            data = {name: str(value) for name, value in attempt.form.items() if name != "files"}
        async with asyncio.timeout(10 if attempt.operation.streams else 60):
            return await self.client.request(
                attempt.operation.method.upper(),
                attempt.path,
                params=attempt.query,
                json=attempt.json,
                data=data,
                files=files,
                headers={**headers, **attempt.headers},
            )

    async def must_get_nothing(
        self, attempt: Attempt, headers: dict[str, str], who: str, *, unauthenticated: bool = False
    ) -> None:
        """Counts the attempt, and what came of it that should not have."""
        self._report.attempts += 1
        try:
            answer = await self.send(attempt, headers)
        except TimeoutError:
            self._report.leaks.append(f"{who}: {attempt.operation.label} streams")
            return
        asked_for = f"{attempt.path}{attempt.query}{attempt.json}"
        wrong = None
        if self._owned.canary in answer.text and self._owned.canary not in asked_for:
            wrong = "shows what another tenant wrote"
        elif answer.status_code >= 500:
            wrong = f"fails with {answer.status_code}"
        elif unauthenticated and answer.status_code != 401:
            wrong = f"answers {answer.status_code} to a forged token"
        elif (
            attempt.operation.named("path")
            and not (unauthenticated or attempt.may_be_done)
            and answer.status_code not in _QUIET
        ):
            wrong = f"answers {answer.status_code}"
        if wrong:
            self._report.leaks.append(f"{who}: {attempt.operation.label} {wrong}: {attempt.path} {answer.text[:150]}")
