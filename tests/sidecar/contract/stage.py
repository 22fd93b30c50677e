"""What is asked: a served application, two tenants that each have a row of everything, and who asks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from resources.installation import Installation
from sidecar.app import make_app
from sidecar.limits.settings import Bounds, Zone
from sidecar.security.secrets import Secrets
from tests.sidecar.served import served
from tests.tenancy.rows import fill

ROOT = Path(__file__).parents[3]
CONFIG = Path(__file__).with_name("schemathesis.toml")
PASSWORD = "correct horse battery"
_MANY = 10**7
_PATIENCE = 60.0  # seconds: hashing a password takes long on a machine that is busy
_UNBOUND = Bounds(*(Zone(name, _MANY, _MANY) for name in ("principal", "costly", "address", "login")))

ASKERS: dict[str, tuple[str, ...]] = {
    "service": ("--include-tag=internal", "--include-path=/v1/auth/service-token"),
    "operator": ("--include-path=/metrics", "--include-path=/v1/auth/bootstrap"),
    "one": ("--exclude-tag=internal", "--exclude-path=/metrics", "--exclude-path=/v1/auth/bootstrap"),
}
"""Who asks what: an administrator everything but what only a service or the operator may, and last: they may remove
the service."""


@dataclass(frozen=True)
class Stage:
    """A running application, the file of its users, as schemathesis reads it, and the ids of those who ask."""

    url: str
    users: Path
    askers: tuple[str, ...]

    def command(self, asker: str, arguments: Sequence[str]) -> list[str]:
        """How schemathesis is called for one of ASKERS."""
        return [
            *(sys.executable, "-m", "schemathesis.cli", f"--config-file={CONFIG}", "run", f"{self.url}/openapi.json"),
            *("--no-color", f"--auth-wfc-user={asker}"),
            *(*ASKERS[asker], *arguments),
        ]

    def ask(self, asker: str, arguments: Sequence[str], *, captured: bool) -> subprocess.CompletedProcess[str]:
        """Run schemathesis; its exit code is 0 when everything held."""
        environment = {
            **os.environ,
            "CRUCIBLE_CONTRACT_USERS": str(self.users),
            "CRUCIBLE_CONTRACT_ASKERS": ",".join(self.askers),
        }
        return subprocess.run(
            self.command(asker, arguments), cwd=ROOT, env=environment, capture_output=captured, text=True, check=False
        )


@contextmanager
def staged(installation: Installation, secrets: Secrets, folder: Path) -> Iterator[Stage]:
    """The stage, on an installation; the file of users is written into `folder`."""
    app = make_app(installation, secrets, _UNBOUND)
    with served(app) as url:
        names = {name: f"{name}-{uuid4().hex[:8]}" for name in ("one", "two")}
        askers = []
        for name, tenant in names.items():
            askers.append(_bootstrap(url, secrets.operator_token, tenant, name))
            fill(installation.database, tenant, installation.files)
        known = [
            *(_by_password(name, f"{tenant}/{name}@example.org") for name, tenant in names.items()),
            _by_header("service", _service_key(url, f"{names['one']}/one@example.org")),
            _by_header("operator", secrets.operator_token),
        ]
        users = folder / "users.json"
        users.write_text(json.dumps({"schemaVersion": "0.2.0", "auth": known}))
        yield Stage(url, users, tuple(askers))


def _bootstrap(url: str, operator: str, tenant: str, name: str) -> str:
    """The id of a new tenant's first administrator."""
    person = {"tenant": tenant, "email": f"{name}@example.org", "name": name, "password": PASSWORD}
    headers = {"Authorization": f"Bearer {operator}"}
    made = httpx.post(f"{url}/v1/auth/bootstrap", json=person, headers=headers, timeout=_PATIENCE).raise_for_status()
    return str(made.json()["user"]["id"])


def _service_key(url: str, login: str) -> str:
    """A key of a new service user, with which it gets its tokens."""
    with httpx.Client(base_url=url, timeout=_PATIENCE) as client:
        token = client.post("/v1/auth/token", data={"username": login, "password": PASSWORD}).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        person = {"email": "service@example.org", "name": "service", "role": "service"}
        user = client.post("/v1/users", json=person).raise_for_status().json()
        made = client.post("/v1/keys", json={"name": "contract", "user_id": user["id"]}).raise_for_status()
        return str(made.json()["key"])


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
