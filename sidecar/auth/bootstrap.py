"""A tenant and its first administrator; later ones are made by an administrator."""

from resources.database.engine import TenantSession
from resources.database.repositories.audit import audit
from resources.database.repositories.projects import ensure_tenant
from resources.database.repositories.users import User, add_user, hold_bootstrap
from resources.vocabulary import Role
from sidecar.problems import Conflict


def bootstrap(session: TenantSession, *, email: str, name: str, password_hash: str) -> User:
    """Make the session's tenant, when it is not there, and its first administrator. Raises Conflict."""
    ensure_tenant(session)
    if hold_bootstrap(session):
        raise Conflict("This tenant has users; its administrators make more of them with POST /v1/users.")
    user = add_user(session, email=email, name=name, role=Role.ADMIN, password_hash=password_hash)
    audit(session, "tenant.bootstrapped", f"user:{user.id}")
    return user
