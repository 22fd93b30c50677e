"""Listen to a task."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.requests import HTTPConnection

from resources.database.repositories.tasks import ACTIVE
from sidecar.fields import INT64_MAX
from sidecar.problems import NotFound, Unauthenticated, details_of, problems
from sidecar.stream.feed import Feed, Message
from sidecar.stream.schemas import StreamEvent
from sidecar.stream.streams import Streams
from sidecar.stream.telling import Close, Telling
from sidecar.stream.viewer import SUBPROTOCOL, AfterSeq, Listening, TaskId

router = APIRouter(prefix="/v1/stream", tags=["stream"])

LastEventId = Annotated[
    int | None,
    Header(
        alias="Last-Event-ID",
        ge=0,
        le=INT64_MAX,
        description="As `after`; what an EventSource sends to go on",
    ),
]

_SSE: dict[str, Any] = {
    "responses": {
        "200": {
            "content": {
                "text/event-stream": {
                    "itemSchema": {
                        "required": ["data"],
                        "properties": {
                            "data": {
                                "type": "string",
                                "contentMediaType": "application/json",
                                "contentSchema": {
                                    "anyOf": [
                                        StreamEvent.model_json_schema(),
                                        {"$ref": "#/components/schemas/ProblemDetails"},
                                    ]
                                },
                            }
                        },
                    }
                }
            }
        }
    }
}


class Opened:
    """A stream that may begin: its task exists and belongs to who listens."""

    def __init__(self, feed: Feed, telling: Telling) -> None:
        self._feed = feed
        self.telling = telling

    @property
    def done(self) -> bool:
        """Whether the task has ended and everything of it is known to the client."""
        now = self._feed.standing
        return now is not None and now.status not in ACTIVE and self.telling.at >= now.last_event

    def events(self) -> AsyncIterator[Message]:
        """Every message."""
        return self.telling.events(self._feed)


async def _opened(
    connection: HTTPConnection, viewer: Listening, task_id: TaskId, after: AfterSeq = 0, last: LastEventId = None
) -> AsyncIterator[Opened]:
    streams: Streams = connection.app.state.streams
    start = max(after, last or 0)  # an EventSource repeats its first address
    async with AsyncExitStack() as stack:
        feed = await stack.enter_async_context(streams.feed(viewer.who.tenant, task_id, start))
        database = connection.app.state.installation.database
        yield Opened(feed, Telling(streams, database, viewer, task_id, start))


Open = Annotated[Opened, Depends(_opened)]


def _nothing_more(response: Response, opened: Open) -> Opened:
    """204 is what tells an EventSource not to connect again."""
    if opened.done:
        response.status_code = 204
    return opened


@router.get(
    "/{task_id}",
    response_class=EventSourceResponse,
    responses={
        **problems(NotFound),
        204: {"description": "The task has ended, and there is nothing behind `after`"},
    },
    openapi_extra=_SSE,
)
async def listen(
    request: Request, opened: Annotated[Opened, Depends(_nothing_more)]
) -> AsyncIterator[ServerSentEvent]:
    """Listen to a task: server-sent events.

    Facts (`job_*`, `document_*`, `log`) are numbered without gaps and each is told once, in order, also after a
    break: connect again with the last `seq` as `after` or `Last-Event-ID`. `progress` says where the task stands;
    only the latest counts, and older ones are not told again. The first message is always `progress`.

    The stream ends by itself when the task has ended and everything was told; after ten minutes; and within half a
    minute when the token has expired or was withdrawn: an event `problem` comes, whose data are problem details. A
    comment says why it ended, and with which `after` to go on. An idle stream sends a comment every 15 seconds.

    The same by WebSocket at the same address: the messages are the JSON of `data`. There the close code says why it
    ended: 1000 the task has ended, 4000 connect again, 4401 the token is no longer good, 4404 the task was deleted.
    A browser opens it with `?ticket=…`, or with the subprotocols `crucible.stream` and `crucible.token.<token>`.
    """
    if opened.done:
        return
    async for message in opened.events():
        yield ServerSentEvent(raw_data=message.text, event=message.kind.value, id=str(message.seq))
    end = opened.telling.end
    if end.code is Close.NOT_ALLOWED:
        refused = details_of(request, Unauthenticated(end.reason))
        yield ServerSentEvent(raw_data=refused.model_dump_json(exclude_none=True), event="problem")
    yield ServerSentEvent(comment=end.reason)


@router.websocket("/{task_id}")
async def watch(websocket: WebSocket, opened: Open) -> None:
    """Listen to a task, as `GET` of the same address."""
    offered = websocket.scope.get("subprotocols", [])
    await websocket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)
    seconds = websocket.app.state.streams.terms.send
    sending = asyncio.create_task(_send(websocket, opened, seconds))
    gone = asyncio.create_task(_until_gone(websocket))
    try:
        await asyncio.wait({sending, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sending, gone):
            task.cancel()
        results = await asyncio.gather(sending, gone, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect | TimeoutError):
            raise result


async def _send(websocket: WebSocket, opened: Opened, seconds: float) -> None:
    """Send everything, then the close frame. Raises TimeoutError when the client takes nothing for `seconds`."""
    async for message in opened.events():
        async with asyncio.timeout(seconds):
            await websocket.send_text(message.text)
    end = opened.telling.end
    async with asyncio.timeout(seconds):
        await websocket.close(end.code, end.reason)


async def _until_gone(websocket: WebSocket) -> None:
    """Until the client closes. What it sends is not looked at."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass
