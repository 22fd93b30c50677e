"""API keys: made by a login, with no more than its scopes and the owner's role."""

from datetime import datetime, timedelta
from uuid import UUID

from resources.database.engine import TenantSession
from resources.database.repositories.api_keys import ApiKey, add_key, revoke_key
from resources.database.repositories.audit import audit
from resources.database.repositories.users import when_committed
from sidecar.keys.schemas import NewKey
from sidecar.problems import Conflict, Forbidden, NotFound
from sidecar.security.api_keys import draw
from sidecar.security.authenticate import Authentication
from sidecar.security.principal import Principal
from sidecar.security.scopes import SCOPES, Scope
from sidecar.security.secrets import Secrets
from sidecar.users.service import known_user


def create(
    session: TenantSession, who: Principal, wanted: NewKey, secrets: Secrets, now: datetime
) -> tuple[ApiKey, str]:
    """A new key and its text, which is not stored. Raises Forbidden, NotFound, and Conflict."""
    if who.subject.startswith("key:"):
        raise Forbidden("A key makes no keys; log in.")
    owner = _owner(who, wanted)
    user = known_user(session, owner)
    if not user.active:
        raise Conflict("This user is deactivated.")
    grantable = SCOPES[user.role] & (who.scopes | ({Scope.INTERNAL} if Scope.ADMIN in who.scopes else frozenset()))
    scopes = frozenset(wanted.scopes) if wanted.scopes is not None else grantable
    if not scopes <= grantable:
        too_much = ", ".join(sorted(scopes - grantable))
        raise Forbidden(f"A key of this user, made by you, cannot have the scope {too_much}.")
    expires_at = now + timedelta(days=wanted.days) if wanted.days is not None else None
    made = None
    while made is None:  # an id in 2e14 is taken seldom
        text = draw(who.tenant)
        made = add_key(
            session,
            text.id,
            owner,
            name=wanted.name,
            scopes=sorted(scopes),
            secret_hash=text.hashed(secrets, secrets.signing),
            pepper=secrets.signing,
            now=now,
            expires_at=expires_at,
        )
    audit(session, "key.created", f"key:{made.id}", user=str(owner), scopes=sorted(scopes))
    return made, text.shown


def _owner(who: Principal, wanted: NewKey) -> UUID:
    own = UUID(who.user_id) if who.user_id else None
    owner = wanted.user_id or own
    if owner is None:
        raise Forbidden("Who comes from Supabase Auth has no keys here.")
    if owner != own and Scope.ADMIN not in who.scopes:
        raise Forbidden("Making a key for somebody else needs the scope admin.")
    return owner


def revoke(session: TenantSession, who: Principal, key_id: str, authentication: Authentication) -> None:
    """Refuse a key from now on: one's own, of anybody as an administrator; a key itself only. Raises NotFound."""
    unknown = NotFound(f"There is no key {key_id} that could be revoked.")
    owner = None
    if Scope.ADMIN not in who.scopes:
        if who.user_id is None or (who.subject.startswith("key:") and who.subject != f"key:{key_id}"):
            raise unknown
        owner = UUID(who.user_id)
    key = revoke_key(session, key_id, authentication.clock(), owner=owner)
    if key is None:
        raise unknown
    audit(session, "key.revoked", f"key:{key.id}", user=str(key.user_id))
    when_committed(session, lambda: authentication.standings.forget(who.tenant, str(key.user_id)))
