"""Themes on the real database: what they are made of, what they are called, what is left when documents go."""

import re

import pytest
import sqlalchemy as sa

from crucible_assets.insights import theming
from resources.database.repositories.cells import save_cells
from resources.database.repositories.deletion import delete_documents
from resources.database.repositories.insight_rows import ChangedMeanwhileError, stale_insights
from resources.database.repositories.insights import find_theme, page_of_opportunities, page_of_passages
from resources.database.tables import call_sources, calls, statements, theme_passages, themes
from resources.statements import CheckedBy
from tests.insights.bench import Bench

pytestmark = pytest.mark.timeout(120)

TOPICS = {
    "dredging": "The harbour was dredged in {0} and the dredging of the harbour cost {1} euros for year {2}.",
    "windows": "New windows were built into the school in {0} and the larch windows cost {1} euros in year {2}.",
    "bridge": "The bridge was painted in {0} and the painting of the bridge cost {1} euros in year {2}.",
}
MONTHS = ("January", "March", "May", "July", "August", "October")


def topic_of(text: str) -> int:
    return next((place for place, word in enumerate(TOPICS) if word in text), 7)


def corpus() -> dict[str, str]:
    """Twelve documents; each has a paragraph on two of three topics."""
    made = {}
    for number in range(12):
        chosen = [list(TOPICS.values())[(number + step) % 3] for step in range(2)]
        words = [one.format(MONTHS[number % 6], 1000 + 37 * number, 1990 + number) for one in chosen]
        made[f"report-{number:02d}.txt"] = "\n\n".join(words)
    return made


@pytest.fixture
def studied(alone):
    """Without a language model."""
    alone.add(corpus())
    alone.embed(topic_of)
    return alone


@pytest.fixture
def named(bench):
    """With a language model."""
    bench.add(corpus())
    bench.embed(topic_of)
    return bench


def members(bench, theme):
    with bench.database.transaction(bench.tenant) as session:
        return page_of_passages(session, theme.id, 100)


def test_passages_on_one_topic_are_one_theme_with_its_words(studied):
    themed = studied.find_themes(4)
    assert themed.made
    found = studied.themes()
    assert [theme.number for theme in found] == list(range(1, len(found) + 1))
    assert [theme.passages for theme in found] == sorted((theme.passages for theme in found), reverse=True)
    topics = []
    for theme in found:
        inside = {topic_of(one.text) for one in members(studied, theme)}
        assert len(inside) == 1
        topics += inside
        assert theme.documents == len({one.document_id for one in members(studied, theme)})
        assert theme.model is None
        assert theme.label == ", ".join(theme.keywords[:3])
    assert {0, 1, 2} <= set(topics)
    words = {topic: theme.keywords for topic, theme in zip(topics, found, strict=True)}
    assert "harbour" in words[0]
    assert "larch" in words[1]
    assert "bridge" in words[2]
    assert not {"the", "and", "was"} & {word for some in words.values() for word in some}


def test_sentences_of_a_theme_are_copies_that_stand_in_its_passages(studied):
    studied.find_themes(4)
    for theme in studied.themes():
        assert 1 <= len(theme.statements) <= 3
        spans = [(one.document_id, one.start, one.end) for one in members(studied, theme)]
        for one in theme.statements:
            assert one.statement.checked_by is CheckedBy.COPY
            (citation,) = one.statement.citations
            assert any(
                id_ == citation.document_id and start <= citation.start and citation.end <= end
                for id_, start, end in spans
            )


def test_passages_come_in_pages_the_nearest_first(studied):
    studied.find_themes(4)
    theme = studied.themes()[0]
    with studied.database.transaction(studied.tenant) as session:
        first = page_of_passages(session, theme.id, 3)
        second = page_of_passages(session, theme.id, 100, first[-1].place)
    assert [one.place for one in first + second] == sorted(one.place for one in members(studied, theme))
    assert len(first + second) == theme.passages


def test_the_same_passages_are_not_clustered_again_unless_it_is_forced(studied):
    studied.find_themes(4)
    before = studied.themes()
    assert not studied.find_themes(4).made
    assert studied.themes() == before
    assert studied.find_themes(4, force="true").made
    after = studied.themes()
    assert [(one.label, one.passages, one.keywords) for one in after] == [
        (one.label, one.passages, one.keywords) for one in before
    ]
    assert not {one.id for one in after} & {one.id for one in before}
    assert studied.find_themes(3).made


def test_a_language_model_names_themes_in_words_that_it_was_shown(named):
    named.find_themes(4)
    for theme in named.themes():
        assert theme.model == "openai:test"
        assert theme.label.split() == list(theme.keywords[:2])
    assert len(named.model.asked) == len(named.themes())
    named.find_themes(4, force="true")
    assert len(named.model.asked) == len(named.themes()), "the ledger knows the names"


@pytest.mark.parametrize(
    "said",
    [
        "Buy tulips in Amsterdam now",
        "one two three four five six seven",
        "",
        "First line\nSecond line",
        "Cost 9,999,999",
    ],
)
def test_what_is_no_name_in_words_of_the_passages_is_not_used(named, said):
    named.model.script = lambda view: said
    themed = named.find_themes(4)
    assert len(themed.unnamed) == len(named.themes())
    for theme in named.themes():
        assert theme.model is None
        assert theme.label == ", ".join(theme.keywords[:3])


def test_nothing_of_a_deleted_document_is_left_in_labels_keywords_sentences_and_calls(named):
    named.find_themes(4)
    gone = [named.ids[f"report-{number:02d}.txt"] for number in range(12)]
    touched = {one.id for one in named.themes() for m in members(named, one) if m.document_id in gone}
    with named.database.transaction(named.tenant) as session:
        delete_documents(session, gone)
        rows = session.execute(sa.select(themes.c.id, themes.c.label, themes.c.keywords, themes.c.stale)).all()
        for row in rows:
            if row.id in touched:
                assert (row.label, row.keywords, row.stale) == (None, [], True)
        left = session.scalars(sa.select(theme_passages.c.document_id)).all()
        assert not set(left) & set(gone)
        said = " ".join(session.scalars(sa.select(statements.c.text)))
        assert "dredged" not in said
        assert "painted" not in said
        replies = session.scalars(sa.select(calls.c.reply).where(calls.c.purpose == "LABEL")).all()
        assert len([reply for reply in replies if not reply]) == len(touched) >= 3
        assert not any(word in reply for reply in replies for word in ("harbour", "windows"))
        assert stale_insights(session, named.project.id).themes
    asked = len(named.model.asked)
    named.find_themes(4)
    assert not any(one.stale for one in named.themes())
    assert not any("dredged" in view.prompt for view in named.model.asked[asked:])


def test_calls_for_names_know_all_documents_whose_words_may_be_in_them(named):
    named.find_themes(4)
    with named.database.transaction(named.tenant) as session:
        rows = session.execute(sa.select(call_sources.c.call_key, call_sources.c.document_id)).all()
    shown: dict[str, set] = {}
    for key, id_ in rows:
        shown.setdefault(key, set()).add(id_)
    of_themes = [{one.document_id for one in members(named, theme)} for theme in named.themes()]
    assert sorted(map(sorted, shown.values())) == sorted(map(sorted, of_themes))


def test_documents_that_change_while_themes_are_made_are_read_again(studied, monkeypatch):
    store, tries = theming._store, []

    def late(work, made_with, made):
        if not tries:
            with studied.database.transaction(studied.tenant) as session:
                delete_documents(session, [studied.ids["report-00.txt"]])
        tries.append(made)
        store(work, made_with, made)

    monkeypatch.setattr(theming, "_store", late)
    assert studied.find_themes(4).made
    assert len(tries) == 2
    ids = {one.document_id for theme in studied.themes() for one in members(studied, theme)}
    assert ids
    assert studied.ids["report-00.txt"] not in ids
    assert not any(theme.stale for theme in studied.themes())


def test_when_they_change_each_time_the_old_themes_stand(studied, monkeypatch):
    studied.find_themes(4)
    before = studied.themes()

    def never(*_):
        raise ChangedMeanwhileError("a passage has changed")

    monkeypatch.setattr(theming, "_store", never)
    with pytest.raises(ChangedMeanwhileError):
        studied.find_themes(4, force="true")
    assert studied.themes() == before


def test_a_theme_that_stands_in_many_documents_and_that_no_variable_reads_is_an_opportunity(studied):
    studied.find_themes(4)
    scores = {theme.id: theme.opportunity for theme in studied.themes()}
    everywhere = len(studied.ids)
    for theme in studied.themes():
        assert theme.opportunity == pytest.approx(theme.documents / everywhere)
    read = studied.themes()[0]
    inside = members(studied, read)
    half = inside[: len(inside) // 2]
    rows = [
        {
            "document_id": one.document_id,
            "row_key": "",
            "variable": "price",
            "state": "VALUE",
            "value": 1,
            "raw": None,
            "confidence": 0.9,
            "uncalibrated": None,
            "evidence": [{"start": one.end - 3, "end": one.end, "quote": "x"}],
            "reasons": [],
            "prompt_version": 1,
            "model": "m",
            "call_keys": [],
            "fingerprint": "f",
            "task_id": None,
        }
        for one in half
        if one.document_id not in {other.document_id for other in half[: half.index(one)]}
    ]
    with studied.database.transaction(studied.tenant) as session:
        save_cells(session, studied.project.id, rows)
    assert not studied.find_themes(4).made
    with studied.database.transaction(studied.tenant) as session:
        now = find_theme(session, read.id)
        ordered = page_of_opportunities(session, studied.project.id, 50)
        first = page_of_opportunities(session, studied.project.id, 1)
        rest = page_of_opportunities(session, studied.project.id, 50, (first[0].opportunity, first[0].number))
    unread = (len(inside) - len(rows)) / len(inside)
    assert now.opportunity == pytest.approx(scores[read.id] * unread)
    assert [one.id for one in first + rest] == [one.id for one in ordered]
    assert [one.opportunity for one in ordered] == sorted((one.opportunity for one in ordered), reverse=True)


def test_another_tenants_passages_are_in_no_theme(studied, database, settings):
    other = Bench(database, settings, None, {"secret.txt": "The harbour was dredged in secret by nobody at all."})
    other.embed(topic_of)
    studied.find_themes(4)
    assert other.find_themes().made
    (theme,) = other.themes()
    assert theme.passages == 1
    assert "secret" not in " ".join(word for one in studied.themes() for word in one.keywords)
    with studied.database.transaction(studied.tenant) as session:
        assert find_theme(session, theme.id) is None
        assert page_of_passages(session, theme.id, 10) == []
    other.installation.database.dispose()


def test_a_project_without_vectors_has_no_themes(alone):
    themed = alone.find_themes()
    assert (themed.passages, alone.themes()) == (0, [])


def test_keywords_are_shown_as_they_are_written(studied):
    studied.find_themes(4)
    texts = " ".join(one.text for theme in studied.themes() for one in members(studied, theme)).lower()
    for theme in studied.themes():
        assert all(re.search(rf"\b{re.escape(word)}\b", texts) for word in theme.keywords)
