"""`/v1/sessions`: conversations, and what was asked and answered in them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from resources.database.engine import TenantSession
from resources.database.repositories.answers import find_answer, page_of_answers
from resources.database.repositories.audit import audit
from resources.database.repositories.conversations import Conversation as StoredConversation
from resources.database.repositories.conversations import (
    add_conversation,
    delete_conversation,
    find_conversation,
    page_of_conversations,
    rename_conversation,
)
from sidecar.conversations import present
from sidecar.conversations.rendered import LOCKED, MEDIA, Form, form_of, markdown_of, page_of
from sidecar.conversations.schemas import Answer, Conversation, ConversationChange, ConversationIn
from sidecar.fields import INT32_MAX, ProjectId
from sidecar.idempotency import IdempotencyKey, Once
from sidecar.pages import After, Limit, Page, cursor, read_cursor
from sidecar.problems import Conflict, NotFound, Unusable, problems
from sidecar.projects.service import found, known
from sidecar.results.keys import moment, of_this_list
from sidecar.search.service import asker
from sidecar.security.own import OwnSession
from sidecar.security.principal import Principal, Reader, Runner
from sidecar.transactions import ReadSession, RunSession

router = APIRouter(prefix="/v1/sessions", tags=["conversations"])

MOST_ANSWERS = 50
"""As many answers as one page may hold."""

ConversationPath = Annotated[UUID, Path(description="Id of a conversation of yours")]
AnswerPath = Annotated[UUID, Path(description="Id of an answer in it")]


@router.post("/create", status_code=201, response_model=Conversation, responses=problems(NotFound, Conflict))
def create_conversation(
    request: Request, session: RunSession, who: Runner, body: ConversationIn, key: IdempotencyKey = None
) -> JSONResponse:
    """Begin a conversation about a project. It is yours: nobody else sees what is asked in it."""
    once = Once(session, who, key)
    if (answered := once.answered(request, body)) is not None:
        return answered
    if found(session, body.project_id).archived:
        raise Conflict(f"Project `{body.project_id}` is archived; restore it first.")
    made = add_conversation(session, body.project_id, asker(who), body.title or "")
    audit(session, "conversation.create", f"conversation:{made.id}", project=body.project_id)
    return once.keep(201, present.conversation(made))


@router.get("", responses=problems(NotFound))
def list_conversations(
    session: ReadSession,
    who: Reader,
    project_id: Annotated[
        ProjectId | None, Query(description="About this project", examples=["heat-pump-grants"])
    ] = None,
    after: After = None,
    limit: Limit = 100,
) -> Page[Conversation]:
    """Your conversations, the last used first."""
    known(session, project_id)
    stored = page_of_conversations(session, asker(who), project_id, limit + 1, _place(after))
    items = [present.conversation(one) for one in stored[:limit]]
    more = len(stored) > limit
    return Page(items=items, next=cursor(items[-1].updated_at.isoformat(), str(items[-1].id)) if more else None)


@router.get("/{conversation_id}", responses=problems(NotFound))
def read_conversation(session: ReadSession, who: Reader, conversation_id: ConversationPath) -> Conversation:
    """One conversation of yours."""
    return present.conversation(mine(session, who, conversation_id))


@router.patch("/{conversation_id}", responses=problems(NotFound))
def change_conversation(
    session: OwnSession, who: Reader, conversation_id: ConversationPath, body: ConversationChange
) -> Conversation:
    """Give a conversation another title."""
    if not rename_conversation(session, conversation_id, asker(who), body.title):
        raise no_conversation(conversation_id)
    audit(session, "conversation.rename", f"conversation:{conversation_id}")
    return present.conversation(mine(session, who, conversation_id))


@router.delete("/{conversation_id}", status_code=204, responses=problems(NotFound))
def forget_conversation(
    request: Request, session: OwnSession, who: Reader, conversation_id: ConversationPath
) -> None:
    """Delete a conversation with everything that was asked and answered in it; what is being answered is stopped."""
    if not delete_conversation(session, conversation_id, asker(who)):
        raise no_conversation(conversation_id)
    audit(session, "conversation.delete", f"conversation:{conversation_id}")
    request.app.state.answering.stop(conversation_id)


@router.get("/{conversation_id}/messages", responses=problems(NotFound))
def list_answers(
    session: ReadSession,
    who: Reader,
    conversation_id: ConversationPath,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ANSWERS, description="At most so many")] = 20,
) -> Page[Answer]:
    """Questions and answers of a conversation in their order, as they stand now."""
    mine(session, who, conversation_id)
    key = read_cursor(after, (int,))
    if key is not None and not 0 <= key[0] <= INT32_MAX:
        raise Unusable("query.after: this is no `next` of this list.")
    stored = page_of_answers(session, conversation_id, limit + 1, key[0] if key else 0)
    shown = stored[:limit]
    return Page(items=present.answers(session, shown), next=cursor(shown[-1].number) if len(stored) > limit else None)


_IN_FORMS: dict[int | str, dict[str, Any]] = {
    **problems(NotFound),
    200: {"content": {media: {"schema": {"type": "string"}} for media in ("text/markdown", "text/html")}},
}


@router.get("/{conversation_id}/messages/{answer_id}", response_model=Answer, responses=_IN_FORMS)
def read_answer(
    session: ReadSession,
    who: Reader,
    conversation_id: ConversationPath,
    answer_id: AnswerPath,
    form: Annotated[Form | None, Query(alias="format", description="None: as `Accept` says, JSON by default")] = None,
    accept: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """One question with its answer as it stands now: RUNNING while it is being answered.

    As Markdown or HTML, what is not in the sources is struck through and what could not be checked says so. HTML is
    sanitised, and served so that a browser loads, runs and sends nothing.
    """
    answer = one_answer(session, who, conversation_id, answer_id)
    headers = {"Vary": "Accept"}
    match form_of(form, accept):
        case Form.MARKDOWN:
            return Response(markdown_of(answer), media_type=MEDIA[Form.MARKDOWN], headers=headers)
        case Form.HTML:
            headers["Content-Security-Policy"] = LOCKED
            return Response(page_of(answer), media_type=MEDIA[Form.HTML], headers=headers)
        case Form.JSON:
            return Response(answer.model_dump_json(), media_type=MEDIA[Form.JSON], headers=headers)


def one_answer(session: TenantSession, who: Principal, conversation_id: UUID, answer_id: UUID) -> Answer:
    """An answer of a conversation of who asks. Raises NotFound."""
    mine(session, who, conversation_id)
    stored = find_answer(session, answer_id)
    if stored is None or stored.conversation_id != conversation_id:
        raise NotFound(f"There is no answer {answer_id} in conversation {conversation_id}.")
    return present.answers(session, [stored])[0]


def mine(session: TenantSession, who: Principal, conversation_id: UUID) -> StoredConversation:
    """A conversation of who asks. Raises NotFound, also for another person's."""
    stored = find_conversation(session, conversation_id, asker(who))
    if stored is None:
        raise no_conversation(conversation_id)
    return stored


def no_conversation(conversation_id: UUID) -> NotFound:
    """The answer for an id under which who asks has nothing."""
    return NotFound(f"You have no conversation {conversation_id}.")


def _place(after: str | None) -> tuple[datetime, UUID] | None:
    key = read_cursor(after, (str, str))
    if key is None:
        return None
    with of_this_list():
        return moment(key[0]), UUID(key[1])
