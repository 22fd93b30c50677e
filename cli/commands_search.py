"""`crucible evaluate-search`: how well search finds what judges said is relevant."""

import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.table import Table

from cli.console import make_console
from cli.search_corpus import store_corpus
from cli.session import open_installation
from resources.database.engine import TenantSession
from resources.database.repositories.postings import languages_of
from resources.database.repositories.retrieval import FoundPassage, hybrid
from resources.database.repositories.vector_models import known_counts
from resources.embedding.contract import Embedder, FloatMatrix
from resources.embedding.factory import embedder_from_settings
from resources.installation import Installation
from resources.project import PROJECT_ID, slug
from resources.search import analysis
from resources.search.beir import BeirError, JudgedSet, read_set
from resources.search.language import in_other_language
from resources.search.measures import MEASURES, Comparison, compare, measure
from resources.search.query import make_query
from resources.search.serving import serving_embedder

WORSE = 1
"""Exit code: worse than before, and hardly by chance."""
SIGNIFICANT = 0.05
DEPTH = 100
"""Documents that are ranked for each query; what comes after counts as not found."""

_FORM = "search evaluation 1"
_LEGS = ("lexical", "dense", "fused")
_MAIN = MEASURES[0]
_TOGETHER = 50  # queries in one transaction

console = make_console()
Figures = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Leg → query → measure → value."""


@dataclass(frozen=True, slots=True)
class Before:
    """The figures of an earlier run."""

    path: Path
    per_query: Figures


def evaluate_search(
    folder: Path,
    *,
    project: str | None = None,
    queries: Path | None = None,
    qrels: Path | None = None,
    linear: bool = False,
    against: Path | None = None,
    out: Path | None = None,
) -> int:
    """Store the set's corpus as a project, ask all its queries, and print how good the answers are.

    Gives 1 when the fused ranking is significantly worse than that of `against`.
    """
    name = project or _project_of(folder)
    if not PROJECT_ID.fullmatch(name):
        raise click.UsageError(f"--project {name}: lower-case letters, digits and hyphens, at most 63.")
    gain = "linear" if linear else "exponential"
    try:
        judged = read_set(folder, queries=queries, qrels=qrels)
    except BeirError as error:
        raise click.UsageError(str(error)) from None
    before = _read_before(against, judged, gain) if against else None
    installation = open_installation()
    settings = installation.settings
    embedder = embedder_from_settings(settings.embedding, settings.model_cache)
    with console.status("storing the corpus …") as status:
        documents, passages = store_corpus(
            installation, name, str(folder.absolute()), judged.entries, embedder,
            lambda done, of: status.update(f"embedding document {done + 1:,} of {of:,} …"),
        )  # fmt: skip
        with installation.database.transaction(settings.tenant, read_only=True) as session:
            counts = known_counts(session, name)
        embedder = serving_embedder(embedder, counts, settings.model_cache)  # as searches of the project are asked
        status.update("asking the queries …")
        depth = DEPTH * math.ceil(passages / max(documents, 1))
        rankings, seconds = _ask(installation, name, judged, embedder, depth)
    figures: Figures = {
        leg: {
            query: measure(rankings[leg][query], judged.relevant[query], linear=linear) for query in judged.relevant
        }
        for leg in _LEGS
    }
    _show(name, judged, documents, passages, figures, seconds)
    worse = _show_before(before, figures) if before else False
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        said = {
            "form": _FORM, "set": str(folder), "digest": judged.digest, "gain": gain, "project": name,
            "model": embedder.fingerprint, "analysis": analysis.VERSION, "depth": DEPTH,
            "documents": documents, "passages": passages, "queries": len(judged.relevant),
            "means": {leg: _means(figures[leg]) for leg in _LEGS}, "per_query": figures,
        }  # fmt: skip
        out.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return WORSE if worse else 0


def _project_of(folder: Path) -> str:
    """The folder's name, with that of the folder around it: sets of several languages have one for each."""
    parts = folder.absolute().parts[-2:]
    return slug("search-" + "-".join(parts))


def _ask(
    installation: Installation, project: str, judged: JudgedSet, embedder: Embedder, passages: int
) -> tuple[dict[str, dict[str, list[str]]], list[float]]:
    """For each leg the ranking of every judged query, and how long each fused statement took."""
    rankings: dict[str, dict[str, list[str]]] = {leg: {} for leg in _LEGS}
    seconds: list[float] = []
    asked = list(judged.relevant)
    for first in range(0, len(asked), _TOGETHER):
        ids = asked[first : first + _TOGETHER]
        matrix = embedder.embed_queries([judged.queries[id_] for id_ in ids])
        with installation.database.transaction(installation.settings.tenant, read_only=True) as session:
            languages = languages_of(session, project)
            for id_, vector in zip(ids, matrix, strict=True):
                for leg, found, took in _legs(
                    session, project, judged.queries[id_], languages, embedder.fingerprint, vector, passages
                ):
                    rankings[leg][id_] = list(dict.fromkeys(hit.document_name for hit in found))[:DEPTH]
                    if leg == "fused":
                        seconds.append(took)
    return rankings, seconds


def _legs(
    session: TenantSession,
    project: str,
    text: str,
    languages: Sequence[str],
    model: str,
    vector: FloatMatrix,
    passages: int,
) -> Iterator[tuple[str, list[FoundPassage], float]]:
    query = make_query(text, languages)
    both = not in_other_language(session, project, query, languages)
    for leg in _LEGS:
        words, meaning = leg == "lexical" or (leg == "fused" and both), leg != "lexical"
        started = time.perf_counter()
        found = hybrid(
            session,
            project,
            query if words else None,
            model if meaning else None,
            vector if meaning else None,
            passages,
        )
        yield leg, found, time.perf_counter() - started


def _means(per_query: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([values[name] for values in per_query.values()])) for name in MEASURES}


def _show(
    name: str, judged: JudgedSet, documents: int, passages: int, figures: Figures, seconds: Sequence[float]
) -> None:
    table = Table(title=f"{name}: {len(judged.relevant):,} queries, {documents:,} documents, {passages:,} passages")
    for column in ("leg", *MEASURES):
        table.add_column(column, justify="left" if column == "leg" else "right")
    for leg in _LEGS:
        means = _means(figures[leg])
        table.add_row(leg, *(f"{means[measure_]:.4f}" for measure_ in MEASURES))
    console.print(table)
    for leg in _LEGS[:-1]:
        console.print(f"fused against {leg}: {_in_words(_compare(figures['fused'], figures[leg]))}")
    half, most = np.quantile(np.asarray(seconds) * 1000, (0.5, 0.95))
    console.print(
        f"one fused search took {half:.1f} ms (median), {most:.1f} ms (95 %); the query's vector not counted."
    )
    if judged.unjudged:
        console.print(f"{len(judged.unjudged):,} queries have no relevant entry and were not asked.")
    if documents < len(judged.entries):
        console.print(f"{len(judged.entries) - documents:,} entries have no text and cannot be found.")


def _show_before(before: Before, figures: Figures) -> bool:
    """Whether the fused ranking became worse, and not by chance."""
    for leg in _LEGS:
        found = _compare(figures[leg], before.per_query[leg])
        console.print(f"{leg} against {before.path.name}: {_in_words(found)}")
    worse = found.difference < 0 and found.p < SIGNIFICANT
    if worse:
        console.print("Search became worse.", style="bold red")
    return worse


def _compare(ours: Mapping[str, Mapping[str, float]], theirs: Mapping[str, Mapping[str, float]]) -> Comparison:
    return compare([values[_MAIN] for values in ours.values()], [theirs[query][_MAIN] for query in ours])


def _in_words(found: Comparison) -> str:
    how = f"all {found.assignments:,}" if found.exact else f"{found.assignments:,} random"
    return (
        f"{_MAIN} {found.difference:+.4f}, better in {found.better} and worse in {found.worse} of {found.queries} "
        f"queries, p = {found.p:.2g} (two-sided randomisation test, {how} swaps)"
    )


def _read_before(path: Path, judged: JudgedSet, gain: str) -> Before:
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        form, digest, before = data["form"], data["digest"], data["gain"]
        per_query = {
            leg: {query: {_MAIN: float(data["per_query"][leg][query][_MAIN])} for query in judged.relevant}
            for leg in _LEGS
        } if digest == judged.digest else {}  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise click.UsageError(f"--against {path}: these are no figures that --out wrote ({error!r}).") from None
    if form != _FORM or not per_query or before != gain:
        raise click.UsageError(
            f"--against {path}: the figures are of another set, other judgements or another gain; "
            "measure the earlier version with this set first."
        )
    return Before(path, per_query)
