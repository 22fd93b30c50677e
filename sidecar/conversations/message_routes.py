"""`/v1/sessions/{conversation_id}/message`: ask, and have the answer when it is there, or while it is being given."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.requests import HTTPConnection

from resources.database.engine import Database
from resources.database.repositories.answers import fail_abandoned_answers
from resources.statements import AnswerStatus
from sidecar.accepting import preferred
from sidecar.conversations.asking import Asked, ask
from sidecar.conversations.events import ANSWER_EVENT, AnswerEvent, Finished, Refused, finished
from sidecar.conversations.routes import ConversationPath, one_answer
from sidecar.conversations.schemas import Answer, MessageIn
from sidecar.idempotency import REPLAY, IdempotencyKey
from sidecar.limits.addresses import bearer_of
from sidecar.problems import Conflict, NotFound, Unauthenticated, details_of, problems
from sidecar.security.principal import Principal, Runner
from sidecar.stream.permission import Permission
from sidecar.stream.viewer import viewer_of
from sidecar.transactions import part_of_request

router = APIRouter(prefix="/v1/sessions", tags=["conversations"])

_SHARE = 0.6
"""Of the time that a request has, for which one waits for an answer."""
_LOOK = 1.0
"""Seconds between two looks at an answer that another process is giving."""
_QUIET = 10.0
"""Seconds of silence after which a stream says that it is there still, and whether who listens may is looked at."""
_LONGEST = 900.0
"""Seconds for which such an answer is listened to."""
_SSE = "text/event-stream"

_ANSWERED: dict[int | str, dict[str, Any]] = {
    **problems(NotFound, Conflict),
    200: {"description": "The answer, or with `Accept: text/event-stream` everything that happens until it is there"},
    202: {
        "model": Answer,
        "description": "It is being answered still; read it there",
        "headers": {"Location": {"description": "Where the answer is", "schema": {"type": "string"}}},
    },
}
_STREAMED: dict[str, Any] = {
    "responses": {
        "200": {
            "content": {
                _SSE: {
                    "itemSchema": {
                        "required": ["event", "data"],
                        "properties": {
                            "event": {"enum": ["understood", "found", "stated", "judged", "finished", "problem"]},
                            "data": {"type": "string", "contentMediaType": "application/json"},
                        },
                    }
                }
            }
        }
    }
}


@router.post("/{conversation_id}/message", response_model=Answer, responses=_ANSWERED, openapi_extra=_STREAMED)
async def send_message(
    request: Request,
    who: Runner,
    conversation_id: ConversationPath,
    body: MessageIn,
    accept: Annotated[str | None, Header(max_length=1000, description=f"`{_SSE}`: as a stream")] = None,
    key: IdempotencyKey = None,
) -> Response:
    """Ask a question, which is answered from the project's documents: sentence by sentence, with citations.

    As JSON this waits for the answer; what takes longer is answered 202, and is read under `Location`. As server-sent
    events `understood`, `found`, `stated`, `judged` and `finished` are told when they happen; each `data` is the JSON
    that a WebSocket at the same address receives. What is told is stored already, and every statement was checked.
    When the token expires or is withdrawn meanwhile, the last event is `problem`, within half a minute.

    The question is answered also when nobody waits any more. One at a time in a conversation: otherwise 409, with
    `running_answer_id`. It costs what the calls to models cost; the same question over the same sources costs nothing
    again.

    By WebSocket send `{"question": …, "filters": …, "idempotency_key": …}`, and the next when `finished` or `problem`
    has come. A browser opens it with `?ticket=…`, or with the subprotocols `crucible.stream` and
    `crucible.token.<token>`. Close codes: 4000 connect again, 4401 the token is not good any more.
    """
    asked = await run_sync(ask, request, who, conversation_id, body, key)
    place = f"/v1/sessions/{conversation_id}/messages/{asked.answer_id}"
    replay = {REPLAY: "true"} if asked.again else {}
    database: Database = request.app.state.installation.database
    if preferred(accept, ("application/json", _SSE)) == _SSE:
        headers = {"Location": place, "X-Accel-Buffering": "no", **replay}
        viewer = await run_sync(viewer_of, database, who, bearer_of(request.scope))
        permission = Permission(request.app.state.streams, database, viewer)
        events = events_while(request, permission, events_of(database, who, asked))
        return StreamingResponse(_told(events), media_type=_SSE, headers=headers)
    with suppress(TimeoutError):
        async with (
            asyncio.timeout(request.app.state.bounds.request_seconds * _SHARE),
            aclosing(events_of(database, who, asked)) as events,
        ):
            async for _ in events:
                pass
    made = await run_sync(_read, request, who, asked)
    running = made.status is AnswerStatus.RUNNING
    headers = {**({"Location": place} if running else {}), **replay}
    return Response(made.model_dump_json(), 202 if running else 200, headers=headers, media_type="application/json")


async def events_of(database: Database, who: Principal, asked: Asked) -> AsyncGenerator[AnswerEvent | None]:
    """What happens until the answer has ended; None now and then while nothing does.

    Of an answer that this process does not give (any more), only the end is told.
    """
    if asked.progress is not None:
        async for event in asked.progress.events(_QUIET):
            yield event
        return
    for _ in range(round(_LONGEST / _LOOK)):
        last: Finished = await run_sync(_looked_at, database, who, asked)
        if last.answer is None or last.answer.status is not AnswerStatus.RUNNING:
            yield last
            return
        yield None
        await asyncio.sleep(_LOOK)


def _looked_at(database: Database, who: Principal, asked: Asked) -> Finished:
    """The answer as it stands; one whose process is gone is ended."""
    last = finished(database, who.tenant, asked.answer_id)
    if last.answer is None or last.answer.status is not AnswerStatus.RUNNING:
        return last
    with database.transaction(who.tenant) as session:
        if not fail_abandoned_answers(session, asked.conversation_id):
            return last
    return finished(database, who.tenant, asked.answer_id)


async def events_while(
    connection: HTTPConnection, permission: Permission, events: AsyncGenerator[AnswerEvent | None]
) -> AsyncGenerator[AnswerEvent | Refused | None]:
    """The events, for as long as who listens may; then why they may not any more. The answer is given anyhow."""
    async with aclosing(events):
        async for event in events:
            if (why := await permission.refusal()) is not None:
                yield Refused(problem=details_of(connection, Unauthenticated(why)))
                return
            yield event


def as_json(event: AnswerEvent | Refused) -> str:
    """An event as streams and WebSockets send it."""
    if isinstance(event, Refused):
        return event.model_dump_json(exclude_none=True)
    return ANSWER_EVENT.dump_json(event).decode()


async def _told(events: AsyncGenerator[AnswerEvent | Refused | None]) -> AsyncGenerator[bytes]:
    async with aclosing(events):
        async for event in events:
            if event is None:
                yield KEEPALIVE_COMMENT
            else:
                yield format_sse_event(data_str=as_json(event), event=event.event)


def _read(request: Request, who: Principal, asked: Asked) -> Answer:
    with part_of_request(request, who, read_only=True) as session:
        return one_answer(session, who, asked.conversation_id, asked.answer_id)
