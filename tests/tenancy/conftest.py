"""The victim, who owns a row of everything, and a stranger of another tenant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from resources.database.engine import Database
from resources.installation import Installation
from resources.vocabulary import Role
from sidecar.app import make_app
from sidecar.limits.settings import Bounds, Zone
from sidecar.security.principal import Principal
from sidecar.security.secrets import Secrets
from sidecar.security.tokens import TokenUse, issue
from tests.sidecar.conftest import installation, make_user, secrets
from tests.tenancy.rows import TABLES, Owned, fill

__all__ = ["installation", "secrets"]

_MANY = 10**7
UNBOUND = Bounds(*(Zone(name, _MANY, _MANY) for name in ("principal", "costly", "address", "login")))


def fingerprint(database: Database, tenant: str) -> dict[str, tuple[int, str]]:
    """What a tenant has: by table, how many rows, and a hash of all of them."""
    with database.transaction(tenant) as session:
        return {
            table.name: tuple(
                session.execute(
                    sa.text(
                        f"SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) "
                        f'FROM "{table.name}" t'
                    )
                ).one()
            )
            for table in TABLES
        }


@dataclass(frozen=True)
class Stage:
    """An application, a victim, a neighbour who owns as much, and tokens of strangers."""

    app: FastAPI
    database: Database
    secrets: Secrets
    owned: Owned
    neighbour: Owned
    stranger: str

    def user(self, tenant: str, role: Role) -> Principal:
        """A user of a tenant, in the database."""
        return make_user(self.database, tenant, role)

    def headers(self, tenant: str, role: Role) -> dict[str, str]:
        """What such a user sends."""
        who = self.user(tenant, role)
        use = TokenUse.SERVICE if role is Role.SERVICE else TokenUse.ACCESS
        return {"Authorization": f"Bearer {issue(self.secrets, who, use=use)}"}


def make_stage(installation: Installation, secrets: Secrets) -> Stage:
    """A victim and strangers on an installation."""
    owned, neighbour = (
        fill(installation.database, f"{letter}-{uuid4().hex[:10]}", installation.files) for letter in "vn"
    )
    app = make_app(installation, secrets, UNBOUND)
    return Stage(app, installation.database, secrets, owned, neighbour, f"s-{uuid4().hex[:10]}")


@pytest.fixture(scope="session")
def stage(installation: Installation, secrets: Secrets) -> Iterator[Stage]:
    """The stage of all tests that change nothing of the victim's."""
    made = make_stage(installation, secrets)
    yield made
    made.app.state.rates.dispose()
