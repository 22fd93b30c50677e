"""`crucible user` and `crucible operator-token`: who may use the sidecar, from the machine it runs on."""

import re
import sys

import click
from rich.table import Table

from cli.console import PlainConsole
from cli.session import open_installation
from resources.accounts import AccountError, hash_password, usable_email
from resources.database.repositories.audit import audit
from resources.database.repositories.projects import ensure_tenant
from resources.database.repositories.users import EmailTakenError, add_user, list_users
from resources.installation import Installation
from resources.secrets import load_secrets
from resources.settings import load_settings
from resources.vocabulary import Role

console = PlainConsole()
_NAME_MOST = 200
_PAGE = 500


def add(email: str, tenant: str | None, role: str, name: str | None) -> int:
    """Make a user, and their tenant when it is not there yet."""
    try:
        address = usable_email(email)
        called = (name or email).strip()
        if not 1 <= len(called) <= _NAME_MOST:
            raise click.UsageError(f"--name has 1 to {_NAME_MOST} characters.")
        hashed = hash_password(_password())
    except AccountError as error:
        raise click.UsageError(str(error)) from None
    installation = open_installation()
    owner = _tenant(installation, tenant)
    with installation.database.transaction(owner) as session:
        session.info["actor"] = "operator"
        ensure_tenant(session)
        try:
            made = add_user(session, email=address, name=called, role=Role(role), password_hash=hashed)
        except EmailTakenError:
            raise click.UsageError(f"Tenant {owner} has a user {address} already.") from None
        audit(session, "user.created", f"user:{made.id}", role=role)
    own = owner == installation.settings.tenant
    console.print(f"{made.role} {made.email} of {owner} logs in as {'' if own else owner + '/'}{made.email}")
    return 0


def _password() -> str:
    if sys.stdin.isatty():
        asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return asked
    return sys.stdin.readline().rstrip("\r\n")


def _tenant(installation: Installation, tenant: str | None) -> str:
    if tenant is None:
        return installation.settings.tenant
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", tenant):
        raise click.UsageError(f"--tenant {tenant!r}: use lower-case letters, digits and hyphens, at most 63.")
    return tenant


def show(tenant: str | None) -> int:
    """List the users of a tenant."""
    installation = open_installation()
    table = Table("email", "name", "role", "active", "since")
    after = None
    while True:
        with installation.database.transaction(_tenant(installation, tenant), read_only=True) as session:
            found = list_users(session, after=after, limit=_PAGE)
        for user in found:
            since = f"{user.created_at:%Y-%m-%d}"
            table.add_row(user.email, user.name, user.role, "yes" if user.active else "no", since)
        if len(found) < _PAGE:
            break
        after = found[-1].email
    console.print(table)
    return 0


def print_operator_token() -> int:
    """Print the token of who holds the machine."""
    click.echo(load_secrets(load_settings().home).operator_token)
    return 0
