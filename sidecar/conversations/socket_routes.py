"""The WebSocket at `/v1/sessions/{conversation_id}/message`: one question after the other."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any
from uuid import UUID

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Security, WebSocket, WebSocketDisconnect
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.types import Message

from resources.database.engine import Database
from sidecar.conversations.asking import ask
from sidecar.conversations.events import AnswerEvent, Refused
from sidecar.conversations.message_routes import as_json, events_of, events_while
from sidecar.conversations.routes import ConversationPath, mine
from sidecar.conversations.schemas import MessageIn, SocketMessage
from sidecar.limits.principals import count
from sidecar.problems import BadRequest, ProblemDetails, Unauthenticated, details_of
from sidecar.security.scopes import Scope
from sidecar.stream.permission import Permission
from sidecar.stream.streams import Streams
from sidecar.stream.telling import Close
from sidecar.stream.terms import Terms
from sidecar.stream.viewer import SUBPROTOCOL, Viewer, placed

router = APIRouter(prefix="/v1/sessions", tags=["conversations"])

Speaking = Annotated[Viewer, Security(placed, scopes=[Scope.RUN.value])]
"""Who asks, counted for as long as the connection is open."""


@router.websocket("/{conversation_id}/message")
async def converse(websocket: WebSocket, viewer: Speaking, conversation_id: ConversationPath) -> None:
    """Ask, as `POST` of the same address does."""
    database: Database = websocket.app.state.installation.database
    streams: Streams = websocket.app.state.streams
    await run_sync(_known, database, viewer, conversation_id)
    offered = websocket.scope.get("subprotocols", [])
    await websocket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)
    permission = Permission(streams, database, viewer)
    try:
        while (said := await _said(websocket, permission, streams.terms)) is not None:
            async with aclosing(_answer(websocket, viewer, permission, conversation_id, said)) as events:
                async for event in events:
                    await _tell(websocket, event, streams.terms)
    except (WebSocketDisconnect, TimeoutError):  # it is gone, or takes nothing: the answer is given all the same
        return


async def _said(websocket: WebSocket, permission: Permission, terms: Terms) -> Message | None:
    """What the client sends next; None when it is gone, or the connection was closed here."""
    receiving = asyncio.ensure_future(websocket.receive())
    loop = asyncio.get_running_loop()
    over = loop.time() + terms.life
    try:
        while not receiving.done():
            left = over - loop.time()
            if left <= 0:
                await websocket.close(Close.AGAIN, "nothing was asked for a while: connect again")
                return None
            await asyncio.wait({receiving}, timeout=min(left, permission.patience()))
            if (why := await permission.refusal(at_once=receiving.done())) is not None:
                if not (receiving.done() and receiving.result()["type"] == "websocket.disconnect"):
                    await _tell(websocket, Refused(problem=details_of(websocket, Unauthenticated(why))), terms)
                return None
    finally:
        receiving.cancel()
    said: Message = receiving.result()
    return None if said["type"] == "websocket.disconnect" else said


async def _tell(websocket: WebSocket, event: AnswerEvent | Refused, terms: Terms) -> None:
    """Send an event; after one that says that the token is not good, close. Raises TimeoutError when the client
    takes nothing for a while, and WebSocketDisconnect."""
    async with asyncio.timeout(terms.send):
        await websocket.send_text(as_json(event))
        if isinstance(event, Refused) and event.problem.status == Unauthenticated.status:
            await websocket.close(Close.NOT_ALLOWED, "the token is not good any more: log in")
            raise WebSocketDisconnect(Close.NOT_ALLOWED)


async def _answer(
    websocket: WebSocket, viewer: Viewer, permission: Permission, conversation_id: UUID, said: Message
) -> AsyncGenerator[AnswerEvent | Refused]:
    """The events of one question."""
    state = websocket.app.state
    try:
        body, key = _read(said.get("text"))
        zones = [state.bounds.principal, state.bounds.costly]
        await run_sync(count, websocket, viewer.who, state.rates, zones)
        asked = await run_sync(ask, _as_post(websocket), viewer.who, conversation_id, body, key)
    except Exception as error:
        yield Refused(problem=await _problem(websocket, error))
        return
    events = events_while(websocket, permission, events_of(state.installation.database, viewer.who, asked))
    async with aclosing(events):
        async for event in events:
            if event is not None:
                yield event


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
