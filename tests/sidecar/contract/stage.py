"""What is asked: a served application, two tenants that have rows of everything, and who asks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from resources.installation import Installation
from resources.vocabulary import Role
from sidecar.app import make_app
from sidecar.limits.settings import Bounds, Zone
from sidecar.security.secrets import Secrets
from tests.sidecar.contract.offered import LASTING, World, worlds_of, write_config
from tests.sidecar.served import served

ROOT = Path(__file__).parents[3]
CONFIG = Path(__file__).with_name("schemathesis.toml")
PASSWORD = "correct horse battery"
_MANY = 10**7
_PATIENCE = 60.0  # seconds: hashing a password takes long on a machine that is busy
_UNBOUND = Bounds(*(Zone(name, _MANY, _MANY) for name in ("principal", "costly", "address", "login")))

_PEOPLE = ("--exclude-tag=internal", "--exclude-path=/metrics", "--exclude-path=/v1/auth/bootstrap")
ASKERS: dict[str, tuple[str, ...]] = {
    "service": ("--include-tag=internal", "--include-path=/v1/auth/service-token"),
    "operator": ("--include-path=/metrics", "--include-path=/v1/auth/bootstrap"),
    "viewer": _PEOPLE,
    "researcher": _PEOPLE,
    "one": _PEOPLE,
}
"""Who asks what: people everything but what only a service or the operator may, and the administrator last: they may
remove the others."""


@dataclass(frozen=True)
class Stage:
    """A running application, the file of its users as schemathesis reads it, their ids, and those offered to each."""

    url: str
    users: Path
    askers: tuple[str, ...]
    worlds: Callable[[str], list[World]]

    def command(self, asker: str, config: Path, arguments: Sequence[str]) -> list[str]:
        """How schemathesis is called for one of ASKERS."""
        return [
            *(sys.executable, "-m", "schemathesis.cli", f"--config-file={config}", "run", f"{self.url}/openapi.json"),
            *("--no-color", f"--auth-wfc-user={asker}"),
            *(*ASKERS[asker], *arguments),
        ]

    def ask(self, asker: str, arguments: Sequence[str], *, captured: bool) -> subprocess.CompletedProcess[str]:
        """Run schemathesis; its exit code is 0 when everything held."""
        worlds = self.worlds(asker)
        offered, config = (self.users.with_name(f"{asker}.{kind}") for kind in ("json", "toml"))
        offered.write_text(json.dumps(worlds))
        write_config(config, CONFIG, worlds[:LASTING])
        command = self.command(asker, config, arguments)
        environment = {
            **os.environ,
            "CRUCIBLE_CONTRACT_USERS": str(self.users),
            "CRUCIBLE_CONTRACT_ASKERS": ",".join(self.askers),
            "CRUCIBLE_CONTRACT_WORLDS": str(offered),
        }
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=captured, text=True, check=False)


@contextmanager
def staged(installation: Installation, secrets: Secrets, folder: Path, *, worlds: int) -> Iterator[Stage]:
    """The stage, on an installation, with so many worlds for each person; its files are written into `folder`."""
    app = make_app(installation, secrets, _UNBOUND)
    with served(app) as url:
        names = {name: f"{name}-{uuid4().hex[:8]}" for name in ("one", "two")}
        ids = {name: _bootstrap(url, secrets.operator_token, tenant, name) for name, tenant in names.items()}
        with _client(url, f"{names['one']}/one@example.org") as client:
            ids |= {role.value: _person(client, role) for role in (Role.VIEWER, Role.RESEARCHER, Role.SERVICE)}
            service = client.post("/v1/keys", json={"name": "contract", "user_id": ids["service"]}).raise_for_status()
        known = [
            *(_by_password(name, f"{tenant}/{name}@example.org") for name, tenant in names.items()),
            *(_by_password(name, f"{names['one']}/{name}@example.org") for name in ("viewer", "researcher")),
            _by_header("service", service.json()["key"]),
            _by_header("operator", secrets.operator_token),
        ]
        users = folder / "users.json"
        users.write_text(json.dumps({"schemaVersion": "0.2.0", "auth": known}))

        def offer(asker: str) -> list[World]:
            return worlds_of(installation, names["one"], f"user:{ids.get(asker, ids['one'])}", worlds)

        worlds_of(installation, names["two"], f"user:{ids['two']}", 1)  # what nobody else may get
        yield Stage(url, users, tuple(ids.values()), offer)


def _bootstrap(url: str, operator: str, tenant: str, name: str) -> str:
    """The id of a new tenant's first administrator."""
    person = {"tenant": tenant, "email": f"{name}@example.org", "name": name, "password": PASSWORD}
    headers = {"Authorization": f"Bearer {operator}"}
    made = httpx.post(f"{url}/v1/auth/bootstrap", json=person, headers=headers, timeout=_PATIENCE).raise_for_status()
    return str(made.json()["user"]["id"])


@contextmanager
def _client(url: str, login: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=_PATIENCE) as client:
        token = client.post("/v1/auth/token", data={"username": login, "password": PASSWORD}).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def _person(client: httpx.Client, role: Role) -> str:
    """The id of a new user of this role and name; a service has no password."""
    password = {} if role is Role.SERVICE else {"password": PASSWORD}
    person = {"email": f"{role.value}@example.org", "name": role.value, "role": role.value, **password}
    return str(client.post("/v1/users", json=person).raise_for_status().json()["id"])


_TOKEN = {
    "extractFrom": "body",
    "extractSelector": "/access_token",
    "sendIn": "header",
    "sendName": "Authorization",
    "sendTemplate": "Bearer {token}",
}


def _by_password(name: str, login: str) -> dict[str, Any]:
    said = {"username": login, "password": PASSWORD, "usernameField": "username", "passwordField": "password"}
    form = "application/x-www-form-urlencoded"
    how = {"verb": "POST", "endpoint": "/v1/auth/token", "contentType": form, "payloadUserPwd": said, "token": _TOKEN}
    return {"name": name, "loginEndpointAuth": how}


def _by_header(name: str, credential: str) -> dict[str, Any]:
    header = {"name": "Authorization", "value": f"Bearer {credential}"}
    if name != "service":
        return {"name": name, "fixedHeaders": [header]}
    how = {"verb": "POST", "endpoint": "/v1/auth/service-token", "headers": [header], "token": _TOKEN}
    return {"name": name, "loginEndpointAuth": how}
