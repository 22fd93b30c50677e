"""Answers as Markdown and HTML."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa

from crucible_assets.answers.rendering import from_markdown
from resources.database.repositories.answers import Ended
from resources.database.tables import documents, statements
from resources.statements import Abstention, AnswerStatus, Support
from sidecar.accepting import preferred
from tests.sidecar.conversations.conftest import GRANT, PUMP, SESSIONS, store_answer

FORMS = {"application/json": "json", "text/markdown": "markdown", "text/html": "html"}


@pytest.fixture
def answer(corpus, conversation, database, tenant) -> str:
    first, second = corpus.add("a.txt", GRANT), corpus.add("b.txt", PUMP)
    return f"{SESSIONS}/{conversation}/messages/{store_answer(database, tenant, conversation, [first, second])}"


def test_an_answer_as_markdown_says_the_same_as_json(answer, researcher):
    said = researcher.get(answer).json()
    made = researcher.get(answer, params={"format": "markdown"})
    assert made.headers["content-type"] == "text/markdown; charset=utf-8"
    read = from_markdown(made.text)
    assert (read.question, read.status) == (said["question"], said["status"])
    assert [(one.text, one.support, list(one.labels)) for one in read.statements] == [
        (one["text"], one["support"], [cited["label"] for cited in one["citations"]]) for one in said["statements"]
    ]
    assert [(one.label, one.document, one.page) for one in read.sources] == [(1, "a.txt", 1), (2, "b.txt", 1)]


def test_why_nothing_is_answered_stands_in_the_markdown(corpus, conversation, researcher, database, tenant):
    ended = Ended(AnswerStatus.ABSTAINED, Abstention.NOTHING_FOUND, cost_usd=Decimal(0))
    stored = store_answer(database, tenant, conversation, [], ended=ended)
    address = f"{SESSIONS}/{conversation}/messages/{stored}"
    said = researcher.get(address).json()["abstention"]
    assert said["kind"] == "NOTHING_FOUND"
    assert from_markdown(researcher.get(address, params={"format": "markdown"}).text).abstention == said["said"]


def test_html_of_a_hostile_document_runs_loads_and_sends_nothing(answer, researcher, database, tenant):
    hostile = '<script>alert(1)</script><img src=x onerror=alert(1)> [a](javascript:alert(1)) <form action="//e">'
    with database.transaction(tenant) as session:
        session.execute(sa.update(statements).values(text=hostile, support=Support.SUPPORTED.value))
        session.execute(sa.update(documents).values(name='"><script>alert(2)</script>.txt'))
    made = researcher.get(answer, params={"format": "html"})
    assert made.headers["content-type"] == "text/html; charset=utf-8"
    policy = made.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "<h1>When was it paid?</h1>" in made.text
    for word in ("<script", "<img", "<form", 'href="javascript', "<iframe"):
        assert word not in made.text.lower()


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("text/markdown", "text/markdown"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("application/json, text/html", "application/json"),
        ("application/json;q=0.5, text/html;q=0.7", "text/html"),
        ("image/png", "application/json"),
        ("text/html;q=nan", "application/json"),
        ("text/*", "application/json"),
        ("", "application/json"),
    ],
)
def test_the_form_follows_accept_and_format_goes_before_it(answer, researcher, accept, kind):
    made = researcher.get(answer, headers={"Accept": accept})
    assert made.headers["content-type"].split(";")[0] == kind == preferred(accept, tuple(FORMS))
    by_name = researcher.get(answer, params={"format": FORMS[kind]}, headers={"Accept": "image/png"})
    assert (by_name.text, by_name.headers["vary"]) == (made.text, "Accept")


def test_another_form_is_refused(answer, researcher):
    assert researcher.get(answer, params={"format": "pdf"}).status_code == 422


def test_no_form_shows_another_person_s_answer(answer, client_as):
    for form in FORMS.values():
        assert client_as("admin").get(answer, params={"format": form}).status_code == 404
