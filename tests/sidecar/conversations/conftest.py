"""A project with documents, conversations about it, and answers as the engine stores them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from resources.database.engine import Database
from resources.database.repositories.answers import (
    Ended,
    Source,
    add_sources,
    begin_answer,
    end_answer,
    set_questions,
)
from resources.database.repositories.statements import Owner, add_statements
from resources.statements import AnswerStatus, CheckedBy, Citation, Statement, Support
from tests.sidecar.search.conftest import Corpus, corpus, embedder

__all__ = ["corpus", "embedder"]

SESSIONS = "/v1/sessions"
GRANT = "The grant for the heat pump was paid on 3 April 2024."
PUMP = "The pump was built in Bergen."


@pytest.fixture
def researcher(client_as: Callable[..., TestClient]) -> TestClient:
    return client_as("researcher")


def create(client: TestClient, **more: Any) -> dict[str, Any]:
    """A new conversation."""
    made = client.post(f"{SESSIONS}/create", json={"project_id": "study", **more})
    assert made.status_code == 201, made.text
    return made.json()


def store_answer(
    database: Database,
    tenant: str,
    conversation: str,
    documents: list[UUID],
    question: str = "When was it paid?",
    ended: Ended | None = None,
) -> str:
    """An answer of a statement for each document and one that cites all, as the engine leaves it; gives its id."""
    with database.transaction(tenant) as session:
        answer = begin_answer(session, UUID(conversation), question)
        set_questions(session, answer.id, [f"{question} (in full)"])
        sources = [Source(label, id_, 0, 12, 1 / label, label, None) for label, id_ in enumerate(documents, 1)]
        add_sources(session, answer.id, sources)
        cited = [Citation(id_, 4, 9, label) for label, id_ in enumerate(documents, 1)]
        said = [
            *(Statement(f"Says {one.label}.", Support.SUPPORTED, (one,), CheckedBy.WORDS, (), 0) for one in cited),
            Statement("All say so.", Support.UNSUPPORTED, tuple(cited), CheckedBy.WORDS, ("1999",), 0),
        ]
        add_statements(session, "study", Owner.ANSWER, answer.id, said)
        usual = Ended(AnswerStatus.ANSWERED, model="openai:m", passages=7, calls=2, cost_usd=Decimal("0.0120"))
        end_answer(session, answer.id, ended or usual)
    return str(answer.id)


@pytest.fixture
def conversation(corpus: Corpus, researcher: TestClient) -> str:
    """A conversation of the researcher's."""
    return str(create(researcher)["id"])
