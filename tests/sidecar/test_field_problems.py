"""What the schema refuses is told in words: no regular expressions, no names of Python."""

import pytest


@pytest.mark.parametrize(
    ("path", "body", "field", "told"),
    [
        pytest.param(
            "projects/none/variables",
            {"name": "Repair Cost", "type": "NUMBER", "instructions": "What repairs cost."},
            "body.name",
            "lower-case letters, digits and underscores, beginning with a letter",
            id="name-of-a-variable",
        ),
        pytest.param(
            "projects/none/variables",
            {"name": "cost", "type": "NUMBER", "instructions": " "},
            "body.instructions",
            "something besides spaces",
            id="blank-instructions",
        ),
        pytest.param(
            "projects",
            {"name": "Loans", "id": "My Loans"},
            "body.id",
            "lower-case letters, digits and hyphens",
            id="id-of-a-project",
        ),
        pytest.param(
            "users",
            {"email": "ada at example", "name": "Ada", "role": "viewer", "password": "correct horse battery"},
            "body.email",
            "ada@example.org",
            id="email",
        ),
        pytest.param(
            "tasks/process",
            {"kind": "FULL_RUN", "project_id": "none"},
            "body.kind",
            "SAMPLE, FULL, REPROCESS_FAILED, REFINE, EXPORT",
            id="kind-that-is-none",
        ),
        pytest.param("tasks/process", {"project_id": "none"}, "body.kind", "Field required", id="no-kind"),
    ],
)
def test_a_field_that_does_not_fit_says_what_to_send(client_as, path, body, field, told):
    answer = client_as("admin").post(f"/v1/{path}", json=body)
    assert answer.status_code == 422
    messages = {error["field"]: error["message"] for error in answer.json()["errors"]}
    assert told in messages[field]
    assert "pattern" not in messages[field] and "<" not in messages[field]
