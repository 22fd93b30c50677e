"""From a question to an answer that is being given; everything that can be refused is refused here."""

import json
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import UUID

from fastapi import Request

from resources.database.repositories.answers import begin_answer, fail_abandoned_answers, other_running
from resources.database.repositories.audit import audit
from resources.database.repositories.conversations import rename_conversation
from sidecar.conversations.answering import Answering
from sidecar.conversations.progress import Progress
from sidecar.conversations.routes import mine
from sidecar.conversations.schemas import MessageIn
from sidecar.idempotency import Once
from sidecar.problems import Conflict, Unusable
from sidecar.projects.service import found
from sidecar.search.service import asker, check_filters
from sidecar.security.principal import Principal
from sidecar.transactions import part_of_request

_TITLE = 80
"""Characters of the first question that become the conversation's title, where it has none."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that is stored. `progress` None: it is not being answered by this process (any more)."""

    conversation_id: UUID
    answer_id: UUID
    progress: Progress | None
    again: bool  # the same request was sent before


def ask(request: Request, who: Principal, conversation_id: UUID, body: MessageIn, key: str | None) -> Asked:
    """Store a question and begin to answer it. Blocking, for a moment.

    Raises NotFound, Unusable, Conflict (one question at a time), TooManyRequests and Unavailable.
    """
    answering: Answering = request.app.state.answering
    check_filters(body.filters)
    if not body.question.strip():
        raise Unusable("body.question: there is nothing to be read in it.")
    with ExitStack() as stack:
        with part_of_request(request, who) as session:
            conversation = mine(session, who, conversation_id)
            once = Once(session, who, key)
            if (answered := once.answered(request, body)) is not None:
                # the id alone was kept: what was said of documents that were deleted since is not told again
                answer_id = UUID(json.loads(bytes(answered.body))["id"])
                return Asked(conversation_id, answer_id, answering.progress(answer_id), again=True)
            if found(session, conversation.project_id).archived:
                raise Conflict(f"Project `{conversation.project_id}` is archived; restore it first.")
            answer = begin_answer(session, conversation_id, body.question, body.filters.model_dump(mode="json"))
            fail_abandoned_answers(session, conversation_id)
            if (running := other_running(session, answer)) is not None:
                raise Conflict(
                    f"Answer {running} of this conversation is not finished; wait for it, or begin another "
                    "conversation.",
                    running_answer_id=running,
                )
            place = stack.enter_context(answering.place((who.tenant, asker(who))))
            if not conversation.title:
                title = " ".join(body.question.split())[:_TITLE]
                rename_conversation(session, conversation_id, asker(who), title)
            audit(session, "conversation.ask", f"conversation:{conversation_id}", answer=str(answer.id))
            once.keep(200, {"id": str(answer.id)})
        return Asked(conversation_id, answer.id, place.start(conversation_id, answer.id), again=False)
