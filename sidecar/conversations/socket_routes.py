"""The WebSocket at `/v1/sessions/{conversation_id}/message`: one question after the other."""

import asyncio
import json
from contextlib import aclosing
from typing import Annotated, Any
from uuid import UUID

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Security, WebSocket, WebSocketDisconnect
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from resources.database.engine import Database
from sidecar.conversations.asking import ask
from sidecar.conversations.events import ANSWER_EVENT, Refused
from sidecar.conversations.message_routes import events_of
from sidecar.conversations.routes import ConversationPath, mine
from sidecar.conversations.schemas import MessageIn, SocketMessage
from sidecar.limits.principals import count
from sidecar.problems import BadRequest, ProblemDetails
from sidecar.security.authenticate import utc_now
from sidecar.security.scopes import Scope
from sidecar.stream.telling import Close
from sidecar.stream.viewer import SUBPROTOCOL, Viewer, placed

router = APIRouter(prefix="/v1/sessions", tags=["conversations"])

Speaking = Annotated[Viewer, Security(placed, scopes=[Scope.RUN.value])]
"""Who asks, counted for as long as the connection is open."""


@router.websocket("/{conversation_id}/message")
async def converse(websocket: WebSocket, viewer: Speaking, conversation_id: ConversationPath) -> None:
    """Ask, as `POST` of the same address does."""
    database: Database = websocket.app.state.installation.database
    terms = websocket.app.state.streams.terms
    await run_sync(_known, database, viewer, conversation_id)
    offered = websocket.scope.get("subprotocols", [])
    await websocket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)
    try:
        while True:
            try:
                said = await asyncio.wait_for(websocket.receive(), terms.life)
            except TimeoutError:
                return await websocket.close(Close.AGAIN, "nothing was asked for a while: connect again")
            if said["type"] == "websocket.disconnect":
                return None
            if not await run_sync(_still, database, viewer):
                return await websocket.close(Close.NOT_ALLOWED, "the token is not good any more: log in")
            await _answer(websocket, viewer, conversation_id, said.get("text"), terms.send)
    except (WebSocketDisconnect, TimeoutError):  # it is gone, or takes nothing: the answer is given all the same
        return None


async def _answer(
    websocket: WebSocket, viewer: Viewer, conversation_id: UUID, text: str | None, seconds: float
) -> None:
    """One question. Raises TimeoutError when the client takes nothing for `seconds`."""
    state = websocket.app.state
    try:
        body, key = _read(text)
        zones = [state.bounds.principal, state.bounds.costly]
        await run_sync(count, websocket, viewer.who, state.rates, zones)
        asked = await run_sync(ask, _as_post(websocket), viewer.who, conversation_id, body, key)
    except Exception as error:
        refused = Refused(problem=await _problem(websocket, error))
        async with asyncio.timeout(seconds):
            await websocket.send_text(refused.model_dump_json(exclude_none=True))
        return
    async with aclosing(events_of(state.installation.database, viewer.who, asked)) as events:
        async for event in events:
            if event is not None:
                async with asyncio.timeout(seconds):
                    await websocket.send_text(ANSWER_EVENT.dump_json(event).decode())


def _read(text: str | None) -> tuple[MessageIn, str | None]:
    """What was sent, checked as the body of a request is. Raises BadRequest and RequestValidationError."""
    if text is None:
        raise BadRequest("Send JSON as text.")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRequest("The message is no JSON.") from error
    try:
        said = SocketMessage.model_validate(data)
    except ValidationError as error:
        wrong = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        raise RequestValidationError(wrong) from error
    return MessageIn(question=said.question, filters=said.filters), said.idempotency_key


def _as_post(websocket: WebSocket) -> Request:
    """The request that sends the same by POST: a key that was used there is known here, and the other way round."""
    return Request({**websocket.scope, "type": "http", "method": "POST", "query_string": b""})


async def _problem(websocket: WebSocket, error: Exception) -> ProblemDetails:
    """What the application answers to this error."""
    handlers: dict[Any, Any] = websocket.app.exception_handlers
    handler = next(handlers[kind] for kind in type(error).__mro__ if kind in handlers)
    answer = await handler(websocket, error)
    return ProblemDetails.model_validate(json.loads(bytes(answer.body)))


def _known(database: Database, viewer: Viewer, conversation_id: UUID) -> None:
    with database.transaction(viewer.who.tenant, read_only=True) as session:
        mine(session, viewer.who, conversation_id)


def _still(database: Database, viewer: Viewer) -> bool:
    """Whether who connected may still ask."""
    expired = viewer.expires_at is not None and viewer.expires_at <= utc_now()
    return not expired and viewer.may_still(database)
