"""The application as such: it starts only when every route says who may use it, and errors look the same."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

from sidecar import app as app_module
from sidecar.app import make_app
from sidecar.security.declared import UnauthorisedRouteError, refuse_undeclared
from sidecar.security.principal import Reader
from sidecar.transactions import ReadSession


def test_a_route_without_authorisation_is_refused_at_start():
    app = FastAPI()

    @app.get("/open")
    def bare() -> None: ...

    with pytest.raises(UnauthorisedRouteError, match="/open"):
        refuse_undeclared(app)


def test_a_route_with_a_scope_is_accepted():
    router = APIRouter()

    @router.get("/a")
    def by_principal(_who: Reader) -> None: ...

    @router.get("/b")
    def by_session(_session: ReadSession) -> None: ...

    app = FastAPI()
    app.include_router(router, prefix="/v1")
    refuse_undeclared(app)


def test_a_route_of_an_included_router_is_looked_at(installation, secrets, monkeypatch):
    router = APIRouter()

    @router.get("/bare")
    def bare() -> None: ...

    monkeypatch.setattr(app_module, "ROUTERS", (router,))
    with pytest.raises(UnauthorisedRouteError, match="/bare"):
        make_app(installation, secrets)


def test_an_unknown_path_is_a_problem(client_as):
    answer = client_as().get("/v1/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:crucible:problem:not-found"


def test_the_problem_schema_is_in_the_openapi(app):
    assert "ProblemDetails" in app.openapi()["components"]["schemas"]


def test_generated_clients_get_every_class_and_function_under_a_name_of_its_own(app):
    """Generators make classes of titles and functions of operation ids; what is there twice, they leave out."""
    schema = app.openapi()
    titles = Counter(component["title"] for component in schema["components"]["schemas"].values())
    operations = Counter(operation["operationId"] for path in schema["paths"].values() for operation in path.values())

    assert [name for name, times in titles.items() if times > 1] == []
    assert [name for name, times in operations.items() if times > 1] == []
    assert [name for name in operations if not name.isidentifier() or "__" in name] == []


def examples_of(part: object, at: str) -> Iterator[tuple[str, dict[str, Any], object]]:
    """Where an example stands, its schema, the example."""
    if isinstance(part, list):
        for number, inner in enumerate(part):
            yield from examples_of(inner, f"{at}/{number}")
    elif isinstance(part, dict):
        if isinstance(part.get("examples"), list) and part.keys() & {"type", "$ref", "anyOf", "oneOf"}:
            yield from ((at, part, example) for example in part["examples"])
        if "schema" in part and "example" in part:
            yield at, part["schema"], part["example"]
        for name, inner in part.items():
            if name not in ("example", "examples", "default", "const", "enum"):
                yield from examples_of(inner, f"{at}/{name}")


def test_every_example_is_what_its_schema_says(app):
    schema = app.openapi()
    formats = jsonschema.FormatChecker()
    wrong, tried = [], 0
    for at, described, example in examples_of(schema, ""):
        tried += 1
        whole = {**described, "components": schema["components"]}
        found = jsonschema.Draft202012Validator(whole, format_checker=formats).iter_errors(example)
        wrong += [f"{at}: {error.message}" for error in found]
    assert wrong == []
    assert tried >= 400


def test_generated_clients_read_files_as_bytes(app):
    """They go by the first kind of a file that is told: of text they would spoil workbooks."""
    files = {
        path: next(iter(answer["content"]))
        for path, methods in app.openapi()["paths"].items()
        for method in methods.values()
        for code, answer in method["responses"].items()
        if code == "200"
        and any(
            kind["schema"].get("format") == "binary"
            for kind in answer.get("content", {}).values()
            if "schema" in kind
        )
    }
    assert files["/v1/exports/{export_id}/download"] == "application/octet-stream"
    assert set(files.values()) == {"application/octet-stream", "image/png"}


def test_the_page_of_the_api_needs_no_network(app):
    client = TestClient(app)
    page = client.get("/docs")
    assert page.status_code == 200
    addresses = re.findall(r'(?:src|href|url)(?:=|: )["\']([^"\']+)["\']', page.text)
    assert len(addresses) == 4
    assert all(address.startswith("/") for address in addresses)
    assert [client.get(address).status_code for address in addresses] == [200] * 4
    assert "default-src 'self'" in page.headers["content-security-policy"]
