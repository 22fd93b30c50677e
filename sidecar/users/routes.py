"""Users of the tenant, for its administrators; sessions also for whose they are."""

import re
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from resources.accounts import EMAIL
from resources.database.repositories.sessions import LoginSession, running_sessions
from resources.database.repositories.users import User, list_users
from sidecar.auth.schemas import UserAnswer
from sidecar.pages import After, Limit, Page, cursor, read_cursor
from sidecar.problems import Conflict, NotFound, Unusable, problems
from sidecar.security.authenticate import Authenticating
from sidecar.security.own import OwnSession
from sidecar.security.principal import Principal, Reader
from sidecar.transactions import AdminReadSession, AdminSession, ReadSession
from sidecar.users import service
from sidecar.users.cursors import read_moment
from sidecar.users.schemas import NewUser, SessionAnswer, UserChange

router = APIRouter(prefix="/v1/users", tags=["users"])
UserPath = Annotated[UUID, Path(description="Id of the user")]
SessionPath = Annotated[UUID, Path(description="Id of the session")]


def _answer(user: User) -> UserAnswer:
    return UserAnswer.model_validate(user, from_attributes=True)


@router.get("")
def get_users(session: AdminReadSession, after: After = None, limit: Limit = 100) -> Page[UserAnswer]:
    """Users by email."""
    key = read_cursor(after, (str,))
    if key is not None and not re.fullmatch(EMAIL, key[0]):
        raise Unusable("query.after: this is no `next` of this list.")
    found = list_users(session, after=key[0] if key else None, limit=limit + 1)
    more = cursor(found[limit - 1].email) if len(found) > limit else None
    return Page(items=[_answer(user) for user in found[:limit]], next=more)


@router.post("", status_code=201, responses=problems(Conflict))
def create_user(session: AdminSession, body: NewUser) -> UserAnswer:
    """Make a user. Sent twice, the second is refused: the email is taken."""
    return _answer(service.create(session, body))


@router.get("/{user_id}", responses=problems(NotFound))
def get_user(session: AdminReadSession, user_id: UserPath) -> UserAnswer:
    """One user."""
    return _answer(service.known_user(session, user_id))


@router.patch("/{user_id}", responses=problems(NotFound, Conflict))
def change_user(
    session: AdminSession, authentication: Authenticating, user_id: UserPath, body: UserChange
) -> UserAnswer:
    """Change a user. With another role or password, or deactivated, the tokens they hold end."""
    return _answer(service.change(session, user_id, body, authentication))


@router.delete("/{user_id}", status_code=204, responses=problems(NotFound, Conflict))
def delete_user(session: AdminSession, authentication: Authenticating, user_id: UserPath) -> None:
    """Remove a user with their sessions and keys; what they did stays in the audit log."""
    service.remove(session, user_id, authentication)


@router.get("/{user_id}/sessions", responses=problems(NotFound))
def get_sessions(
    who: Reader,
    session: ReadSession,
    authentication: Authenticating,
    user_id: UserPath,
    after: After = None,
    limit: Limit = 100,
) -> Page[SessionAnswer]:
    """Logins of a user that still run, newest first: one's own, or of anybody as an administrator."""
    service.may_look_after(who, user_id)
    moment = read_moment(after)
    try:
        behind = (moment[0], UUID(moment[1])) if moment else None
    except ValueError:
        raise Unusable("query.after: this is no `next` of this list.") from None
    service.known_user(session, user_id)
    found = running_sessions(session, user_id, authentication.clock(), after=behind, limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    more = cursor(last.created_at.isoformat(), str(last.id)) if last else None
    return Page(items=[_session(login, who) for login in found[:limit]], next=more)


def _session(login: LoginSession, who: Principal) -> SessionAnswer:
    return SessionAnswer(
        id=login.id,
        created_at=login.created_at,
        refreshed_at=login.rotated_at,
        expires_at=login.expires_at,
        current=who.session_id == str(login.id),
    )


@router.delete("/{user_id}/sessions/{session_id}", status_code=204, responses=problems(NotFound))
def end_session(
    who: Reader, session: OwnSession, authentication: Authenticating, user_id: UserPath, session_id: SessionPath
) -> None:
    """Log a user out of one session: one's own, or of anybody as an administrator."""
    service.may_look_after(who, user_id)
    service.end_session(session, user_id, session_id, authentication)
