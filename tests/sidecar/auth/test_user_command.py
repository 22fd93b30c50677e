"""`crucible user` and `crucible operator-token`."""

from uuid import uuid4

import pytest
from click.testing import CliRunner

from cli import commands_user
from cli.main import cli
from cli.session import open_installation
from tests.sidecar.auth.conftest import PASSWORD, actions


@pytest.fixture
def crucible(database, home):
    def run(*arguments, typed=""):
        return CliRunner().invoke(cli, list(arguments), input=typed)

    return run


def test_a_user_made_at_the_machine_logs_in(crucible, anyone, database):
    tenant = f"m-{uuid4().hex[:12]}"
    made = crucible("user", "add", "Ada@Example.org", "--tenant", tenant, "--role", "admin", typed=f"{PASSWORD}\n")
    assert made.exit_code == 0, made.output
    assert f"{tenant}/ada@example.org" in made.output and PASSWORD not in made.output
    form = {"username": f"{tenant}/ada@example.org", "password": PASSWORD}
    assert anyone.post("/v1/auth/token", data=form).json()["scope"] == "admin read run write"
    assert actions(database, tenant) == ["user.created", "session.started"]
    assert "ada@example.org" in crucible("user", "list", "--tenant", tenant).output
    again = crucible("user", "add", "ada@example.org", "--tenant", tenant, typed=f"{PASSWORD}\n")
    assert again.exit_code == 2 and "already" in again.output


@pytest.mark.parametrize(
    ("email", "tenant", "typed", "said"),
    [
        ("ada", "default", PASSWORD, "email"),
        ("ada@example.org", "No Tenant", PASSWORD, "--tenant"),
        ("ada@example.org", "default", "short", "12 to 1000"),
        ("ada@example.org", "default", "", "12 to 1000"),
    ],
)
def test_what_is_not_usable_is_said(crucible, email, tenant, typed, said):
    answer = crucible("user", "add", email, "--tenant", tenant, typed=typed)
    assert answer.exit_code == 2 and said in answer.output


def test_a_command_leaves_no_connection_open(crucible, monkeypatch):
    opened = []
    monkeypatch.setattr(commands_user, "open_installation", lambda: opened.append(open_installation()) or opened[-1])
    assert crucible("user", "list").exit_code == 0
    assert opened[0].database.engine.pool.checkedin() == 0


def test_the_operators_token_is_the_sidecars(crucible, secrets):
    assert crucible("operator-token").output.strip() == secrets.operator_token
