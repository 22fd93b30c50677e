"""Judged sets in BEIR's form, and what is said of those that cannot be used."""

import json

import pytest

from resources.search.beir import BeirError, read_set

CORPUS = [{"_id": "d1", "title": "Wings", "text": "lift"}, {"_id": 2, "text": "drag", "metadata": {"year": 1958}}]
QUERIES = [{"_id": "q1", "text": "what lifts"}, {"_id": "q2", "text": "what drags"}, {"_id": "q3", "text": "why"}]
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t2\nq2\t2\t1\nq2\td1\t0\nq9\td1\t1\n"


def write(folder, corpus=CORPUS, queries=QUERIES, qrels=QRELS):
    for name, rows in (("corpus", corpus), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "qrels.tsv").write_text(qrels, encoding="utf-8")
    return folder


def test_a_set_is_read_whole(tmp_path):
    found = read_set(write(tmp_path))
    assert [(e.id, e.title, e.text, dict(e.metadata)) for e in found.entries] == [
        ("d1", "Wings", "lift", {}), ("2", "", "drag", {"year": 1958}),
    ]  # fmt: skip
    assert found.queries == {"q1": "what lifts", "q2": "what drags", "q3": "why"}
    assert found.relevant == {"q1": {"d1": 2}, "q2": {"2": 1}}
    assert found.unjudged == ("q3",)


def test_judgements_lie_where_beir_has_them_too_and_need_no_header(tmp_path):
    write(tmp_path)
    (tmp_path / "qrels.tsv").unlink()
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text("q1\td1\t1\n", encoding="utf-8")
    assert read_set(tmp_path).relevant == {"q1": {"d1": 1}}


def test_queries_and_judgements_may_come_from_elsewhere(tmp_path):
    write(tmp_path)
    queries = tmp_path / "fragen.jsonl"
    queries.write_text(json.dumps({"_id": "q1", "text": "was hebt"}) + "\n", encoding="utf-8")
    found = read_set(tmp_path, queries=queries)
    assert found.queries == {"q1": "was hebt"}
    assert found.digest != read_set(tmp_path).digest


def test_the_digest_is_of_what_is_measured(tmp_path):
    first = read_set(write(tmp_path)).digest
    assert read_set(write(tmp_path, qrels=QRELS + "\n")).digest == first
    assert read_set(write(tmp_path, qrels=QRELS.replace("d1\t2", "d1\t1"))).digest != first
    assert read_set(write(tmp_path, corpus=[{**CORPUS[0], "text": "lifts"}, CORPUS[1]])).digest != first


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"corpus": []}, "0 entries"),
        ({"corpus": [*CORPUS, CORPUS[0]]}, r"corpus\.jsonl, line 3: 'd1' stands there twice"),
        ({"corpus": [{"_id": "d1", "title": "no text"}]}, r"line 1: an object with `_id` and `text`"),
        ({"corpus": [{"_id": "d1", "text": "a\x00b"}]}, "cannot be stored"),
        ({"corpus": [{"_id": "d1", "text": "a\ud800b"}]}, "cannot be stored"),
        ({"queries": [{"text": "no id"}]}, r"queries\.jsonl, line 1"),
        ({"qrels": "q1\td1\t1\nq1 d1 1\n"}, r"qrels\.tsv, line 2.*tabs"),
        ({"qrels": "q1\tgone\t1\n"}, "which the corpus does not have"),
        ({"qrels": "q1\td1\t0\n"}, "none of the queries"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path, changed, said):
    with pytest.raises(BeirError, match=said):
        read_set(write(tmp_path, **changed))


def test_a_missing_or_broken_file_is_named(tmp_path):
    with pytest.raises(BeirError, match=r"corpus\.jsonl: it cannot be read"):
        read_set(tmp_path)
    write(tmp_path)
    (tmp_path / "corpus.jsonl").write_bytes(b'{"_id": "d1", "text": "caf\xe9"}\n')
    with pytest.raises(BeirError, match="not UTF-8"):
        read_set(tmp_path)
    (tmp_path / "corpus.jsonl").write_text('{"_id": "d1", \n', encoding="utf-8")
    with pytest.raises(BeirError, match=r"line 1: this is not JSON"):
        read_set(tmp_path)
