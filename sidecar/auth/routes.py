"""Logging in and out, tokens and tickets."""

import asyncio
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Form, Request

from resources.accounts import usable_email
from resources.database.repositories.api_keys import find_key
from resources.database.repositories.users import get_user
from resources.vocabulary import Role
from sidecar.auth.bootstrap import bootstrap as make_first
from sidecar.auth.logins import Given, Logins, hashed_password
from sidecar.auth.schemas import (
    AccessAnswer,
    BootstrapAnswer,
    BootstrapRequest,
    MeAnswer,
    PasswordGrant,
    PasswordRequest,
    RefreshRequest,
    TicketAnswer,
    TokenAnswer,
    UserAnswer,
)
from sidecar.limits import check_login, check_password, login_succeeded, password_named
from sidecar.problems import Conflict, Forbidden, problems
from sidecar.security.authenticate import Authenticating
from sidecar.security.operator import OPERATOR
from sidecar.security.own import OwnSession
from sidecar.security.principal import Principal, Reader
from sidecar.security.scopes import SCOPES, Scope
from sidecar.security.tickets import TICKET_LIFETIME, issue_ticket
from sidecar.security.tokens import ACCESS_LIFETIME, SERVICE_LIFETIME, TokenUse, issue
from sidecar.transactions import ReadSession

router = APIRouter(prefix="/v1/auth", tags=["auth"])
_sleep = asyncio.sleep


def _logins(request: Request) -> Logins:
    state = request.app.state
    return Logins(state.installation, state.secrets, state.authentication, getattr(request.state, "request_id", ""))


LoginsHere = Annotated[Logins, Depends(_logins)]


def _seconds(lifetime: timedelta) -> int:
    return int(lifetime.total_seconds())


def _answer(given: Given) -> TokenAnswer:
    return TokenAnswer(
        access_token=given.access_token,
        expires_in=_seconds(ACCESS_LIFETIME),
        scope=" ".join(sorted(given.scopes)),
        refresh_token=given.refresh_token,
    )


@router.post("/bootstrap", status_code=201, dependencies=[OPERATOR], responses=problems(Conflict))
def bootstrap(request: Request, body: BootstrapRequest) -> BootstrapAnswer:
    """Make a tenant and its first administrator, by the operator's token; once only."""
    installation = request.app.state.installation
    tenant = body.tenant or installation.settings.tenant
    hashed = hashed_password(body.password)
    with installation.database.transaction(tenant) as session:
        session.info["actor"] = "operator"
        session.info["request_id"] = getattr(request.state, "request_id", "")
        user = make_first(session, email=usable_email(body.email), name=body.name, password_hash=hashed)
    return BootstrapAnswer(tenant=tenant, user=UserAnswer.model_validate(user, from_attributes=True))


@router.post("/token")
async def token(request: Request, logins: LoginsHere, form: Annotated[PasswordGrant, Form()]) -> TokenAnswer:
    """Log in with email and password: an access token for 15 minutes, and a refresh token for the next.

    After ten wrong passwords from one network address an account is not looked at from there for a minute each time.
    While very many come from everywhere, the answer takes some seconds.
    """
    tenant, email = logins.account(form.username)
    wait = await run_sync(check_login, request, tenant, email or form.username)
    await _sleep(wait)  # in no thread: however many wait, others are answered
    return await run_sync(_logged_in, request, logins, tenant, email, form)


def _logged_in(request: Request, logins: Logins, tenant: str, email: str, form: PasswordGrant) -> TokenAnswer:
    given = logins.log_in(tenant, email, form.password, frozenset(Scope(part) for part in form.scope.split()))
    login_succeeded(request, tenant, email)
    return _answer(given)


@router.post("/refresh")
def refresh(logins: LoginsHere, body: RefreshRequest) -> TokenAnswer:
    """Get the next tokens; the refresh token sent is used up (for ten seconds more it gives the same again)."""
    return _answer(logins.refresh(body.refresh_token))


@router.post("/logout", status_code=204)
def logout(logins: LoginsHere, body: RefreshRequest) -> None:
    """End the session of a refresh token; its access tokens end with it."""
    logins.log_out(body.refresh_token)


@router.post("/password", status_code=204)
def change_password(request: Request, who: Reader, logins: LoginsHere, body: PasswordRequest) -> None:
    """Change one's own password; all one's other sessions end, keys stay."""
    check_password(request, who)
    logins.change_password(who, body.current_password, body.new_password)
    password_named(request, who)


@router.get("/me")
def me(who: Reader, session: ReadSession) -> MeAnswer:
    """Who the token stands for, and what it allows."""
    user = get_user(session, UUID(who.user_id)) if who.user_id else None
    return MeAnswer(
        tenant=who.tenant,
        subject=who.subject,
        role=who.role,
        scopes=sorted(who.scopes),
        user_id=UUID(who.user_id) if who.user_id else None,
        session_id=UUID(who.session_id) if who.session_id else None,
        email=user.email if user else None,
        name=user.name if user else None,
    )


@router.post("/service-token")
def service_token(request: Request, who: Reader, session: ReadSession) -> AccessAnswer:
    """Get a token for the internal routes, for 5 minutes, by the API key of a service that holds `internal`."""
    by_key = who.subject.startswith("key:") and Scope.INTERNAL not in who.scopes  # not by such a token itself
    found = find_key(session, who.subject.removeprefix("key:")) if by_key else None
    if found is None or who.role is not Role.SERVICE or Scope.INTERNAL not in found.key.scopes:
        raise Forbidden("Only the API key of a user of role service, with the scope internal, gets such a token.")
    scopes = frozenset(Scope(scope) for scope in found.key.scopes) & SCOPES[Role.SERVICE]
    service = Principal(who.tenant, who.subject, Role.SERVICE, scopes, who.user_id)
    made = issue(request.app.state.secrets, service, use=TokenUse.SERVICE, version=found.owner_version)
    return AccessAnswer(access_token=made, expires_in=_seconds(SERVICE_LIFETIME), scope=" ".join(sorted(scopes)))


@router.post("/ticket", status_code=201)
def ticket(who: Reader, session: OwnSession, authentication: Authenticating) -> TicketAnswer:
    """Get permission to open one stream within 30 seconds, for clients that cannot send headers."""
    made = issue_ticket(session, who, authentication.clock())
    return TicketAnswer(ticket=made, expires_in=_seconds(TICKET_LIFETIME))
