"""`crucible evaluate-search`: a judged set of seven entries, whose figures are worked out by hand here."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from tests.cli.homes import fresh_study

CORPUS = [
    {"_id": "lift", "title": "Lift of wings", "text": "The lift of a wing grows with its angle of attack."},
    {"_id": "drag", "title": "", "text": "Drag is the resistance that air offers to a moving body."},
    {"_id": "soup", "title": "Soup", "text": "Boil the potatoes with leeks for half an hour, then salt the soup."},
    {"_id": "haus", "title": "", "text": "Die Häuser der alten Stadt wurden nach dem Krieg wieder aufgebaut."},
    {
        "_id": "bank",
        "title": "Loans",
        "text": "A bank lends money and asks for interest until the loan is paid back.",
    },
    {"_id": "bees", "title": "Bees", "text": "Bees tell each other by dances where flowers with nectar stand."},
    {"_id": "void", "title": "", "text": ""},
]
QUERIES = [
    {"_id": "q1", "text": "how does the lift of wings grow"},
    {"_id": "q2", "text": "cooking leek soup"},
    {"_id": "q3", "text": "Wiederaufbau der Stadthäuser"},
    {"_id": "q4", "text": "never judged"},
    {"_id": "q5", "text": "what bees dance for"},
]
QRELS = "query-id\tcorpus-id\tscore\nq1\tlift\t2\nq2\tsoup\t1\nq3\thaus\t1\nq5\tbees\t1\nq5\tvoid\t1\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("judged")
    for name, rows in (("corpus", CORPUS), ("queries", QUERIES)):
        (made / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (made / "qrels.tsv").write_text(QRELS, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def study(tmp_path_factory, model_cache):
    with fresh_study(tmp_path_factory.mktemp("study"), model_cache) as made:
        yield made


@pytest.fixture(scope="module")
def measured(study, folder, tmp_path_factory):
    """(what was said, the figures) of a first run."""
    out = tmp_path_factory.mktemp("figures") / "new" / "figures.json"
    code, said = study.run("evaluate-search", str(folder), "--project", "judged", "--out", str(out))
    assert code == 0, said
    return said, json.loads(out.read_text("utf-8")), out


def test_the_figures_are_those_counted_by_hand(measured):
    said, figures, _ = measured
    assert "judged: 4 queries, 6 documents" in said
    assert "1 queries have no relevant entry" in said
    assert "1 entries have no text" in said
    assert (figures["documents"], figures["passages"], figures["queries"]) == (6, 6, 4)
    half = 1 / (1 + 1 / math.log2(3))  # of q5's two relevant entries one cannot be found
    for leg in ("dense", "fused"):
        found = figures["per_query"][leg]
        assert found.keys() == {"q1", "q2", "q3", "q5"}
        assert [found[query]["nDCG@10"] for query in found] == pytest.approx([1, 1, 1, half])
        assert found["q5"] == pytest.approx(
            {"nDCG@10": half, "recall@20": 0.5, "recall@100": 0.5, "MAP": 0.5, "MRR": 1}
        )
        assert figures["means"][leg]["nDCG@10"] == pytest.approx((3 + half) / 4)
        assert figures["means"][leg]["recall@100"] == pytest.approx(3.5 / 4)


def test_words_are_found_by_the_stems_of_the_language_that_was_detected(measured):
    """'dance' is found as 'dances'; of 'Stadthäuser' words alone find nothing but 'der'."""
    _, figures, _ = measured
    found = figures["per_query"]["lexical"]
    assert found["q5"]["MRR"] == found["q1"]["MRR"] == found["q2"]["MRR"] == found["q3"]["MRR"] == 1


def test_differences_are_tested_and_said(measured):
    said = " ".join(measured[0].split())
    assert "fused against lexical: nDCG@10 +0.0000, better in 0 and worse in 0 of 4 queries, p = 1" in said
    assert "(two-sided randomisation test, all 1 swaps)" in said


def test_a_second_run_stores_nothing_twice_and_is_no_worse_than_the_first(study, folder, measured):
    _, _, out = measured
    code, said = study.run("evaluate-search", str(folder), "--project", "judged", "--against", str(out))
    assert code == 0, said
    assert "judged: 4 queries, 6 documents, 6 passages" in said
    assert "fused against figures.json: nDCG@10 +0.0000" in said
    assert "became worse" not in said


def test_worse_search_ends_with_1(study, folder, measured, tmp_path):
    """Twelve copies of a query that was answered perfectly before and now is not: p = 2 / 2^12."""
    queries, qrels, out = tmp_path / "queries.jsonl", tmp_path / "qrels.tsv", tmp_path / "before.json"
    rows = [{"_id": f"w{number}", "text": "leek soup"} for number in range(12)]
    queries.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    qrels.write_text("".join(f"w{number}\tvoid\t1\n" for number in range(12)), encoding="utf-8")
    asked = ["evaluate-search", str(folder), "--project", "judged", "--queries", str(queries), "--qrels", str(qrels)]
    code, said = study.run(*asked, "--out", str(out))
    assert code == 0, said
    before = json.loads(out.read_text("utf-8"))
    for leg in before["per_query"].values():
        for values in leg.values():
            assert values["nDCG@10"] == 0
            values["nDCG@10"] = 1.0
    out.write_text(json.dumps(before), encoding="utf-8")
    code, said = study.run(*asked, "--against", str(out))
    assert code == 1, said
    assert "Search became worse." in said
    assert "p = 0.00049 (two-sided randomisation test, all 4,096 swaps)" in " ".join(said.split())


def test_an_entry_that_is_gone_from_the_set_is_not_found_any_more(study, folder, measured, tmp_path):
    rest = [row for row in CORPUS if row["_id"] != "bees"]
    (tmp_path / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rest), encoding="utf-8")
    (tmp_path / "queries.jsonl").write_text((folder / "queries.jsonl").read_text("utf-8"), encoding="utf-8")
    (tmp_path / "qrels.tsv").write_text("q1\tlift\t1\nq2\tsoup\t1\n", encoding="utf-8")
    code, said = study.run("evaluate-search", str(tmp_path), "--project", "judged")
    assert code == 0, said
    assert "judged: 2 queries, 5 documents, 5 passages" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--linear", "--against", "FIGURES"], "another gain"),
        (["--project", "Not A Name"], "lower-case letters, digits and hyphens"),
        (["--against", "QRELS"], "these are no figures that --out wrote"),
        (["--qrels", "FIGURES"], "with tabs between them"),
    ],
)
def test_what_cannot_be_compared_or_read_ends_with_2(study, folder, measured, options, said):
    named = {"FIGURES": str(measured[2]), "QRELS": str(folder / "qrels.tsv")}
    code, output = study.run("evaluate-search", str(folder), *(named.get(option, option) for option in options))
    assert code == 2, output
    assert said in " ".join(output.split())
