"""Summaries, themes and opportunities: shown with the words that bear them, and without what was deleted."""

from __future__ import annotations

import math
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from resources.database.repositories.opportunities import upsert_opportunities
from resources.database.repositories.statements import Owner, add_statements
from resources.database.tables import summaries, theme_passages, themes
from resources.statements import CheckedBy, Citation, Statement, Support
from sidecar.pages import cursor
from tests.sidecar.context.conftest import make_project
from tests.sidecar.search.conftest import corpus, embedder

__all__ = ["corpus", "embedder"]

GRANT = "The grant was paid on 3 April 2024."
PUMP = "The pump was built in Bergen."
PROJECT = "/v1/projects/study"


@pytest.fixture
def reader(client_as):
    return client_as("viewer")


def said(*cited: tuple[UUID, str]) -> list[Statement]:
    return [Statement(text, Support.SUPPORTED, (Citation(id_, 0, len(text)),), CheckedBy.COPY) for id_, text in cited]


def add_summary(database, tenant, statements, document: UUID | None = None) -> None:
    with database.transaction(tenant) as session:
        id_ = uuid4()
        row = {"tenant_id": tenant, "id": id_, "project_id": "study", "document_id": document, "fingerprint": "f"}
        session.execute(sa.insert(summaries).values(**row))
        add_statements(session, "study", Owner.SUMMARY, id_, statements)


def add_theme(database, tenant, number, opportunity, members, statements=(), label="Payments") -> UUID:
    """A theme of these passages: (document, passage)."""
    with database.transaction(tenant) as session:
        id_ = uuid4()
        row = {"tenant_id": tenant, "project_id": "study", "id": id_, "number": number, "label": label}
        session.execute(
            sa.insert(themes).values(**row, keywords=["payment", "april"], opportunity=opportunity, fingerprint="f")
        )
        for place, (document, passage) in enumerate(members):
            of_theme = {"tenant_id": tenant, "theme_id": id_, "document_id": document, "passage_index": passage}
            session.execute(sa.insert(theme_passages).values(**of_theme, distance=place / 8))
        add_statements(session, "study", Owner.THEME, id_, statements)
    return id_


def put(database, tenant, *scores: float | None) -> None:
    rows = [
        {"external_id": f"o{n}", "title": f"Number {n}", "description": "", "score": score, "details": {"n": n},
         "evidence": []}
        for n, score in enumerate(scores)
    ]  # fmt: skip
    with database.transaction(tenant) as session:
        upsert_opportunities(session, "study", rows)


def paged(client, path, limit, **params):
    """All items of a list, page by page."""
    items, after = [], None
    while True:
        page = client.get(path, params={"limit": limit, **params, **({"after": after} if after else {})}).json()
        items += page["items"]
        after = page["next"]
        if after is None:
            return items


def test_summaries_tell_the_words_that_bear_them(corpus, reader, database, tenant):
    first, second = corpus.add("a.txt", GRANT), corpus.add("b.txt", PUMP)
    add_summary(database, tenant, said((first, GRANT), (second, PUMP)))
    add_summary(database, tenant, said((first, GRANT)), first)
    of_project = reader.get(f"{PROJECT}/summary").json()
    assert [(one["text"], one["support"]) for one in of_project["statements"]] == [
        (GRANT, "SUPPORTED"), (PUMP, "SUPPORTED"),
    ]  # fmt: skip
    (citation,) = of_project["statements"][0]["citations"]
    assert (citation["document_name"], citation["quote"], citation["label"]) == ("a.txt", GRANT, None)
    assert citation["places"] == [{"page": 1, "label": None, "boxes": [[72, 90, 300, 104]]}]
    assert (of_project["document_id"], of_project["stale"], of_project["model"]) == (None, False, None)
    of_document = reader.get(f"/v1/context/{first}/summary").json()
    assert (of_document["document_id"], len(of_document["statements"])) == (str(first), 1)


def test_a_summary_that_is_not_made_yet_is_not_there_and_the_answer_says_what_makes_it(corpus, reader):
    document = corpus.add("a.txt", GRANT)
    for path in (f"{PROJECT}/summary", f"/v1/context/{document}/summary"):
        answer = reader.get(path)
        assert answer.status_code == 404
        assert "SUMMARISE" in answer.json()["detail"]


def test_what_a_deleted_document_bore_is_gone_from_summaries_and_themes(corpus, client_as, database, tenant):
    client = client_as("researcher")
    gone, kept = corpus.add("a.txt", GRANT), corpus.add("b.txt", PUMP)
    add_summary(database, tenant, said((gone, GRANT), (kept, PUMP)))
    theme = add_theme(
        database, tenant, 1, 0.5, [(gone, 0), (kept, 0)], said((gone, GRANT), (kept, PUMP)), "April 2024"
    )
    assert client.delete(f"/v1/context/{gone}").status_code == 204
    summary = client.get(f"{PROJECT}/summary").json()
    assert (summary["stale"], [one["text"] for one in summary["statements"]]) == (True, [PUMP])
    shown = client.get(f"{PROJECT}/themes/{theme}").json()
    assert (shown["stale"], shown["label"], shown["passages"], shown["documents"]) == (True, None, 1, 1)
    assert [one["text"] for one in shown["statements"] + shown["items"]] == [PUMP, PUMP]
    assert "April" not in str(client.get(f"{PROJECT}/opportunities").json())


def test_themes_come_the_largest_first_with_what_stands_for_them(corpus, reader, database, tenant):
    document = corpus.add("a.txt", GRANT, PUMP)
    made = [add_theme(database, tenant, n, 0.1, [(document, 0)], said((document, GRANT))) for n in (1, 2, 3)]
    items = paged(reader, f"{PROJECT}/themes", 2)
    assert [one["id"] for one in items] == [str(id_) for id_ in made]
    assert (items[0]["label"], items[0]["keywords"]) == ("Payments", ["payment", "april"])
    assert (items[0]["passages"], items[0]["documents"], items[0]["statements"][0]["text"]) == (1, 1, GRANT)


def test_the_passages_of_a_theme_are_paged_the_most_typical_first(corpus, reader, database, tenant):
    document = corpus.add("a.txt", *(f"Payment number {n}." for n in range(7)))
    theme = add_theme(database, tenant, 1, 0.1, [(document, n) for n in (3, 1, 0, 2, 6, 5, 4)])
    items = paged(reader, f"{PROJECT}/themes/{theme}", 3)
    assert [one["passage_index"] for one in items] == [3, 1, 0, 2, 6, 5, 4]
    assert (items[0]["text"], items[0]["document_name"], items[0]["distance"]) == ("Payment number 3.", "a.txt", 0)
    assert items[0]["places"] == [{"page": 4, "label": None, "boxes": [[72, 90, 300, 104]]}]


def test_opportunities_are_themes_and_then_what_services_put(corpus, reader, database, tenant):
    document = corpus.add("a.txt", GRANT)
    for number, score in ((1, 0.2), (2, 0.9), (3, 0.2)):
        add_theme(database, tenant, number, score, [(document, 0)], said((document, GRANT)))
    put(database, tenant, 0.5, None, 3.0, 0.5, -1.0, None)
    path = f"{PROJECT}/opportunities"
    whole = reader.get(path).json()["items"]
    told = [(one["origin"], one["score"], one["external_id"] or one["theme"]["number"]) for one in whole]
    assert told == [
        ("theme", 0.9, 2), ("theme", 0.2, 1), ("theme", 0.2, 3),
        ("service", 3.0, "o2"), ("service", 0.5, "o0"), ("service", 0.5, "o3"), ("service", -1.0, "o4"),
        ("service", None, "o1"), ("service", None, "o5"),
    ]  # fmt: skip
    assert (whole[0]["title"], whole[0]["theme"]["statements"][0]["text"]) == ("Payments", GRANT)
    assert (whole[3]["title"], whole[3]["details"]) == ("Number 2", {"n": 2})
    for limit in (1, 2, 3, 4):
        assert paged(reader, path, limit) == whole
        for origin in ("theme", "service"):
            assert paged(reader, path, limit, origin=origin) == [one for one in whole if one["origin"] == origin]


def test_the_evidence_of_a_service_is_told_as_it_was_found(corpus, client_as, reader, database, tenant):
    document = corpus.add("a.txt", GRANT)
    body = {
        "project_id": "study",
        "opportunities": [
            {
                "external_id": "o1",
                "title": "Paid late",
                "score": 0.7,
                "evidence": [
                    {"document_id": str(document), "quote": "paid on 3 April"},
                    {"document_id": str(document), "quote": "paid in May"},
                ],
            }
        ],
    }
    assert client_as("service").post("/internal/opportunities/bulk-upsert", json=body).status_code == 200
    (shown,) = reader.get(f"{PROJECT}/opportunities").json()["items"]
    assert [(one["status"], one["start"], one["quote"]) for one in shown["evidence"]] == [
        ("EXACT", 14, "paid on 3 April"), ("NOT_FOUND", None, "paid in May"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("themes", ("x",)),
        ("themes", (2**40,)),
        ("themes/{theme}", (math.inf, str(UUID(int=1)), 0)),
        ("themes/{theme}", (0.5, "x", 0)),
        ("themes/{theme}", (0.5, str(UUID(int=1)), 2**40)),
        ("opportunities", ("theme", "nan", "1")),
        ("opportunities", ("theme", "0.5", "x")),
        ("opportunities", ("service", "nan", "o1")),
        ("opportunities", ("service", "1", "a\x00")),
        ("opportunities", ("nobody", "1", "1")),
    ],
)  # fmt: skip
def test_a_made_up_next_is_refused(corpus, reader, database, tenant, path, key):
    theme = add_theme(database, tenant, 1, 0.5, [])
    answer = reader.get(f"{PROJECT}/{path.format(theme=theme)}", params={"after": cursor(*key)})
    assert answer.status_code == 422


def test_what_is_of_another_project_or_tenant_is_not_there(corpus, reader, client_as, database, tenant):
    document = corpus.add("a.txt", GRANT)
    add_summary(database, tenant, said((document, GRANT)))
    add_summary(database, tenant, said((document, GRANT)), document)
    theme = add_theme(database, tenant, 1, 0.5, [(document, 0)])
    make_project(database, tenant, "second")
    assert reader.get(f"/v1/projects/second/themes/{theme}").status_code == 404
    assert reader.get("/v1/projects/second/themes").json() == {"items": [], "next": None}
    other = f"{tenant}-2"
    stranger = client_as("admin", tenant=other)
    make_project(database, other, "study")
    for path in (f"{PROJECT}/summary", f"/v1/context/{document}/summary", f"{PROJECT}/themes/{theme}"):
        assert stranger.get(path).status_code == 404
    for path in ("themes", "opportunities"):
        assert stranger.get(f"{PROJECT}/{path}").json() == {"items": [], "next": None}
        assert stranger.get(f"/v1/projects/nobody-s/{path}").status_code == 404
