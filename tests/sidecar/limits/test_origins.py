"""Pages of other origins: those that are named may ask all that the OpenAPI says, others nothing."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from sidecar.app import make_app
from sidecar.limits.settings import load_bounds

NAMED = "https://pages.example"


@pytest.fixture(scope="module")
def shared(installation, secrets) -> FastAPI:
    return make_app(installation, secrets, load_bounds({"CRUCIBLE_ORIGINS": NAMED}))


def ask(app, method, path, origin, headers):
    said = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return TestClient(app).options(path, headers=said)


def routes(app):
    for path, methods in app.openapi()["paths"].items():
        for method, route in methods.items():
            names = {p["name"] for p in route.get("parameters", []) if p["in"] == "header"}
            yield method.upper(), path, ", ".join(sorted(names | {"Authorization", "Content-Type"}))


def test_a_named_page_may_send_what_each_route_takes(shared):
    refused = [
        (method, path, headers)
        for method, path, headers in routes(shared)
        if ask(shared, method, path, NAMED, headers).status_code != 200
    ]
    assert refused == []


def test_a_named_page_may_read_what_answers_say(shared):
    answer = TestClient(shared).get("/health/live", headers={"Origin": NAMED})
    shown = {name.strip() for name in answer.headers["Access-Control-Expose-Headers"].split(",")}
    said = {
        name
        for methods in shared.openapi()["paths"].values()
        for route in methods.values()
        for response in route["responses"].values()
        for name in response.get("headers", {})
    }
    assert said <= shown
    assert said >= {"ETag", "Location"}
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("origin", ["https://pages.example.evil.example", "http://pages.example", "null"])
def test_another_page_may_not(shared, origin):
    answer = ask(shared, "PATCH", "/v1/projects/study", origin, "Authorization")
    assert answer.status_code == 400
    assert "Access-Control-Allow-Origin" not in answer.headers
