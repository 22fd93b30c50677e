"""API keys: one's own, and of all for administrators."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request

from resources.database.repositories.api_keys import ApiKey, list_keys
from sidecar.keys import service
from sidecar.keys.schemas import KeyAnswer, NewKey, NewKeyAnswer
from sidecar.pages import After, Limit, Page, cursor
from sidecar.problems import Conflict, Forbidden, NotFound, problems
from sidecar.security.authenticate import Authenticating
from sidecar.security.own import OwnSession
from sidecar.security.principal import Reader
from sidecar.security.scopes import Scope
from sidecar.transactions import ReadSession
from sidecar.users.cursors import read_moment

router = APIRouter(prefix="/v1/keys", tags=["keys"])
KeyPath = Annotated[str, Path(pattern=r"^[0-9A-Za-z]{8}$", description="Id of the key", examples=["k3J9xQ2a"])]


def _answer(key: ApiKey) -> KeyAnswer:
    return KeyAnswer.model_validate(key, from_attributes=True)


@router.get("")
def get_keys(
    who: Reader,
    session: ReadSession,
    everybody: Annotated[bool, Query(description="Of all users, as an administrator")] = False,
    after: After = None,
    limit: Limit = 100,
) -> Page[KeyAnswer]:
    """One's own keys, or everybody's, newest first; those that were revoked or have expired too."""
    if everybody and Scope.ADMIN not in who.scopes:
        raise Forbidden("Everybody's keys are for the scope admin.")
    moment = read_moment(after)
    if who.user_id is None and not everybody:
        return Page(items=[])  # who comes from Supabase Auth has none here
    owner = None if everybody or who.user_id is None else UUID(who.user_id)
    found = list_keys(session, owner=owner, after=moment, limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    more = cursor(last.created_at.isoformat(), last.id) if last else None
    return Page(items=[_answer(key) for key in found[:limit]], next=more)


@router.post("", status_code=201, responses=problems(NotFound, Conflict))
def create_key(
    request: Request,
    who: Reader,
    session: OwnSession,
    authentication: Authenticating,
    body: NewKey,
) -> NewKeyAnswer:
    """Make an API key. The key is shown this once: what is stored cannot be turned into it."""
    key, text = service.create(session, who, body, request.app.state.secrets, authentication.clock())
    return NewKeyAnswer(**_answer(key).model_dump(), key=text)


@router.delete("/{key_id}", status_code=204, responses=problems(NotFound))
def revoke_key(who: Reader, session: OwnSession, authentication: Authenticating, key_id: KeyPath) -> None:
    """Revoke an API key for good."""
    service.revoke(session, who, key_id, authentication)
