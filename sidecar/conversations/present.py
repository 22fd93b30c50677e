"""From stored answers to what is shown of them: everything is read anew, so that what is gone is not told again."""

from collections.abc import Sequence

from resources.database.engine import TenantSession
from resources.database.repositories.answers import Answer as StoredAnswer
from resources.database.repositories.answers import StoredSource, sources_of
from resources.database.repositories.conversations import Conversation as StoredConversation
from resources.database.repositories.search_state import Stretch
from resources.database.repositories.statements import Owner, StoredStatement, statements_of
from resources.statements import Abstention, AnswerStatus
from sidecar.conversations.schemas import Answer, Conversation, NoAnswer, Source
from sidecar.search.schemas import DocumentFilters
from sidecar.statements import Shown, cited, stretches_of
from sidecar.usage.money import money

_SAID = {
    Abstention.NOTHING_FOUND: "Nothing in the documents comes near this question.",
    Abstention.NOT_ENOUGH: "The documents were searched, and what was found does not answer this question.",
    Abstention.UNSUPPORTED: "An answer was written, and the documents bear out nothing of it.",
}

_WITHDRAWN = "What this answer said rested on documents that were deleted or changed since. Ask again."


def conversation(stored: StoredConversation) -> Conversation:
    """A conversation as it is shown."""
    assert stored.created_at is not None  # both set by the database
    assert stored.updated_at is not None
    return Conversation(
        id=stored.id,
        project_id=stored.project_id,
        title=stored.title,
        answers=stored.answers,
        created_at=stored.created_at,
        updated_at=stored.updated_at,
    )


def answers(session: TenantSession, stored: Sequence[StoredAnswer]) -> list[Answer]:
    """Answers with their statements and sources as they are now."""
    ids = [answer.id for answer in stored]
    said = statements_of(session, Owner.ANSWER, ids)
    made_from = sources_of(session, ids)
    shown = Shown(
        session,
        [
            *stretches_of(statement for id_ in ids for statement in said[id_]),
            *(_stretch(source) for id_ in ids for source in made_from[id_]),
        ],
    )
    return [_answer(answer, said[answer.id], made_from[answer.id], shown) for answer in stored]


def sources(session: TenantSession, stored: Sequence[StoredSource]) -> list[Source]:
    """Sources with their words and places."""
    shown = Shown(session, [_stretch(source) for source in stored])
    return [_source(source, shown) for source in stored]


def why_not(abstention: Abstention | None, passages: int) -> NoAnswer | None:
    """Why a question is not answered, also in words."""
    if abstention is None:
        return None
    found = f" {passages} passages came near." if abstention is Abstention.NOT_ENOUGH and passages > 1 else ""
    return NoAnswer(kind=abstention, said=_SAID[abstention] + found)


def _answer(
    answer: StoredAnswer, said: Sequence[StoredStatement], made_from: Sequence[StoredSource], shown: Shown
) -> Answer:
    return Answer(
        id=answer.id,
        conversation_id=answer.conversation_id,
        project_id=answer.project_id,
        number=answer.number,
        question=answer.question,
        questions=answer.questions,
        filters=DocumentFilters.model_validate(answer.filters),
        status=answer.status,
        abstention=why_not(answer.abstention, answer.passages),
        reason=_WITHDRAWN if answer.status is AnswerStatus.WITHDRAWN else answer.reason,
        statements=cited(said, shown),
        sources=[_source(source, shown) for source in made_from],
        sources_deleted=answer.sources_deleted,
        passages=answer.passages,
        model=answer.model,
        calls=answer.calls,
        cost_usd=money(answer.cost_usd),
        task_id=answer.task_id,
        created_at=answer.created_at,
        ended_at=answer.ended_at,
    )


def _stretch(stored: StoredSource) -> Stretch:
    return stored.source.document_id, stored.source.start, stored.source.end


def _source(stored: StoredSource, shown: Shown) -> Source:
    source, stretch = stored.source, _stretch(stored)
    return Source(
        label=source.label,
        document_id=source.document_id,
        document_name=stored.document_name,
        current=stored.current,
        start=source.start,
        end=source.end,
        quote=shown.words(stretch),
        places=shown.places(stretch),
        score=source.score,
        lexical_rank=source.lexical_rank,
        dense_rank=source.dense_rank,
    )
