"""Answers without a language model on a judged set: how many are right, and how many are given where none is there.

    python -m benchmarks.copied_answers FOLDER … [--every 4] [--fit]

A folder is in BEIR's form, as `crucible evaluate-search` takes it; where the queries have `metadata.answers` (the
strings that answer them, as SQuAD and XQuAD have), a sentence is right when it stands in a relevant entry and holds
one of them, else when it stands in a relevant entry. Every query is asked twice: of the whole corpus, and of the
corpus without its relevant entries, where nothing should be answered. What the corpus has of the same article, or of
the same topic, stays: these are hard to tell apart. Needs CRUCIBLE_HOME or CRUCIBLE_DATABASE_URL; the corpus is kept
there as a project, so that a second run is quick.

The figures are told for two halves of the set, parted by article (the ids of relevant entries up to their last
hyphen). `--fit` fits the coefficients of `crucible_assets/answers/nearness.py` to the first half of the sets and
prints them; the second half is never looked at for it.
"""

import argparse
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cli.search_corpus import store_corpus
from cli.session import open_installation
from crucible_assets.answers.evidence import MOST_TOKENS, choose_sources
from crucible_assets.answers.extractive import Candidate, candidates_of, copied_statements
from crucible_assets.answers.steps import PASSAGES
from resources.database.repositories.documents import languages_by_document
from resources.database.repositories.postings import languages_of
from resources.database.repositories.search_state import weights_of
from resources.embedding.contract import Embedder
from resources.embedding.factory import embedder_from_settings
from resources.installation import Installation
from resources.project import slug
from resources.search.beir import JudgedSet, read_set
from resources.search.finding import Means, Wanted, find
from resources.search.query import make_query
from resources.search.tokenizers import tokenizer_for

Matrix = npt.NDArray[np.float64]
_PENALTY, _STEPS = 1.0, 40  # of the regression: of squared coefficients of standardised figures, and Newton's steps
_TOLD_WRONGLY = 0.02  # where `enough` is set: the share of first-half questions that are answered from nothing


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, asked of the whole corpus or (`gone`) of all but its relevant entries.

    `told` are the sentences that were copied, as (stands in a relevant entry, is right), the best first;
    `candidates` those that could have been, with whether they are right.
    """

    half: int
    gone: bool
    told: tuple[tuple[bool, bool], ...]
    candidates: tuple[tuple[Candidate, bool], ...]
    seconds: float


def halves(judged: JudgedSet) -> dict[str, int]:
    """Query to 0 or 1: articles in turn, so that no article is in both."""
    article = {
        query: min(relevant).rpartition("-")[0] or min(relevant) for query, relevant in judged.relevant.items()
    }
    order = {name: place for place, name in enumerate(sorted(set(article.values())))}
    return {query: order[name] % 2 for query, name in article.items()}


def answers(folder: Path) -> dict[str, tuple[str, ...]]:
    """Query to the strings that answer it, as far as the set has them."""
    lines = (json.loads(line) for line in (folder / "queries.jsonl").read_text("utf-8").splitlines() if line.strip())
    return {str(one["_id"]): tuple((one.get("metadata") or {}).get("answers") or ()) for one in lines}


@dataclass(frozen=True, slots=True)
class Judge:
    """What is right for one query."""

    relevant: Mapping[str, int]
    wanted: tuple[str, ...]

    def __call__(self, name: str, text: str) -> tuple[bool, bool]:
        """Whether a sentence of an entry stands in a relevant one, and whether it is right."""
        held = not self.wanted or any(_plain(one) in _plain(text) for one in self.wanted)
        return name in self.relevant, name in self.relevant and held


def ask_all(installation: Installation, embedder: Embedder, folder: Path, every: int, fit: bool) -> Iterator[Asked]:
    """Each n-th query of a set, twice; with what `--fit` needs."""
    judged = read_set(folder)
    project = slug("copied-" + "-".join(folder.absolute().parts[-2:]))
    store_corpus(installation, project, str(folder.absolute()), judged.entries, embedder, lambda _done, _of: None)
    tenant = installation.settings.tenant
    means = Means.of(installation, tenant, embedder)
    half_of, answers_of = halves(judged), answers(folder)
    with installation.database.transaction(tenant, read_only=True) as session:
        languages = languages_of(session, project)
    for id_ in list(judged.relevant)[::every]:
        question, relevant = judged.queries[id_], judged.relevant[id_]
        began = time.perf_counter()
        hits = find(means, Wanted(project, question, PASSAGES + len(relevant))).hits
        with installation.database.transaction(tenant, read_only=True) as session:
            query = make_query(question, languages)
            weights = weights_of(session, project, query.terms)
            spoken = languages_by_document(session, {hit.document_id for hit in hits})
        searched = time.perf_counter() - began
        for gone in (False, True):
            left = [hit for hit in hits if not gone or hit.document_name not in relevant][:PASSAGES]
            began = time.perf_counter()
            sources = choose_sources({question: left}, spoken, MOST_TOKENS, tokenizer_for("local"))
            said = copied_statements(question, 0, sources, query, weights, embedder)
            took = searched + time.perf_counter() - began
            names = {one.source.label: one.document_name for one in sources}
            judge = Judge(relevant, answers_of.get(id_, ()))
            told = tuple(judge(names[one.citations[0].label], one.text) for one in said)
            near = candidates_of(question, sources, query, weights, embedder) if fit and not half_of[id_] else []
            yield Asked(
                half_of[id_],
                gone,
                told,
                tuple((one, judge(one.source.document_name, one.text)[1]) for one in near),
                took,
            )


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def show(name: str, asked: Sequence[Asked]) -> None:
    """The figures of each half in one line."""
    for half in (0, 1):
        there = [one for one in asked if one.half == half and not one.gone]
        gone = [one for one in asked if one.half == half and one.gone]
        given = [one.told for one in there if one.told]
        if not given:
            print(f"{name}, half {half + 1}: none of {len(there)} answered")
            continue
        sentences = [one for told in given for one in told]
        seconds = np.array([one.seconds for one in asked if one.half == half])
        print(
            f"{name}, half {half + 1}: {len(given)} of {len(there)} answered ({len(given) / len(there):.3f}); "
            f"first sentence right {_mean(told[0][1] for told in given):.3f}, "
            f"one of them right {_mean(any(right for _, right in told) for told in given):.3f}, "
            f"sentences {len(sentences)}, of relevant entries {_mean(there for there, _ in sentences):.3f}; "
            f"answered from nothing {_mean(bool(one.told) for one in gone):.3f}; "
            f"p95 {np.quantile(seconds, 0.95):.2f} s",
            flush=True,
        )


def _mean(values: Iterator[bool]) -> float:
    return float(np.mean(list(values)))


def show_fit(asked: Sequence[Asked], by_words: bool) -> None:
    """Coefficients, constant and `enough` for the first half."""
    first = [one for one in asked if one.half == 0 and one.candidates]

    def rows(one: Asked) -> Matrix:
        figures = [near.figures for near, _ in one.candidates]
        chosen = [replace(each, stands_out=None) for each in figures] if by_words else figures
        return np.array([each.row for each in chosen])

    usable = [one for one in first if by_words or one.candidates[0][0].figures.stands_out is not None]
    right = np.array([float(holds) for one in usable for _, holds in one.candidates])
    coefficients, constant = logistic(np.concatenate([rows(one) for one in usable]), right)
    best = [float((rows(one) @ coefficients + constant).max()) for one in usable if one.gone]
    idle = sum(one.half == 0 and one.gone for one in asked) - len(best)
    enough = float(np.quantile([*best, *[-99.0] * idle], 1 - _TOLD_WRONGLY))
    name = "BY_WORDS" if by_words else "BY_BOTH"
    print(f"{name}: {', '.join(f'{one:.2f}' for one in coefficients)}; constant {constant:.2f}; enough {enough:.2f}")


def logistic(rows: Matrix, right: Matrix) -> tuple[Matrix, float]:
    """Coefficients (figures,) and constant of a logistic regression of `right` (n,) on `rows` (n, figures)."""
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    standard = np.column_stack([(rows - mean) / spread, np.ones(len(rows))])
    penalty = np.array([_PENALTY] * rows.shape[1] + [1e-6])
    found = np.zeros(standard.shape[1])
    for _ in range(_STEPS):
        likely = 1 / (1 + np.exp(-np.clip(standard @ found, -30, 30)))
        slope = standard.T @ (right - likely) - penalty * found
        bend = (standard * (likely * (1 - likely))[:, None]).T @ standard + np.diag(penalty)
        found += np.linalg.solve(bend, slope)
    coefficients = found[:-1] / spread
    return coefficients, float(found[-1] - coefficients @ mean)


def main() -> None:
    """Ask, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--every", type=int, default=1, help="ask each n-th query only")
    parser.add_argument("--fit", action="store_true")
    chosen = parser.parse_args()
    installation = open_installation()
    settings = installation.settings
    embedder = embedder_from_settings(settings.embedding, settings.model_cache)
    asked: list[Asked] = []
    for folder in chosen.folders:
        of_it = list(ask_all(installation, embedder, folder, chosen.every, chosen.fit))
        show("/".join(folder.absolute().parts[-2:]), of_it)
        asked += of_it
    if chosen.fit:
        show_fit(asked, by_words=True)
        show_fit(asked, by_words=False)


if __name__ == "__main__":
    main()
