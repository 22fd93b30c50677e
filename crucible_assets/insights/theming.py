"""The themes of a project, made where passages have come, gone or changed; and how much of them is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from crucible_assets.insights import labels
from crucible_assets.insights.asking import Asker, Spent
from crucible_assets.insights.clusters import cluster
from crucible_assets.insights.load import count_opportunities, read_passages, still_says
from crucible_assets.insights.themes import Draft, draft, fingerprint, named
from crucible_assets.insights.work import Work, asks
from resources.database.repositories.insight_rows import (
    ChangedMeanwhileError,
    NewTheme,
    load_corpus,
    made_themes,
    replace_themes,
    text_hashes,
)
from resources.database.repositories.vector_models import count_by_model, rank_models
from resources.vocabulary import CallPurpose

_TRIES = 3  # how often themes are made when texts change while they are


@dataclass(frozen=True, slots=True)
class Themed:
    """What a run came to. `made` False: the present themes stand, only their opportunities were counted anew."""

    spent: Spent
    passages: int
    left_out: int = 0
    repeated: int = 0
    made: bool = False
    unnamed: tuple[str, ...] = ()  # why themes have keywords for a label though there is a model


def make_themes(work: Work, preferred: str, number: int | None) -> Themed:
    """Make a project's themes if its passages are others than those of the present ones.

    `preferred` is the embedding model's fingerprint by which, of several, passages are compared; `number` is how many
    themes there should be. Raises ModelError, RunStoppedError, and ChangedMeanwhileError when documents changed each
    time while themes were made.
    """
    for attempt in range(_TRIES):
        try:
            return _make(work, preferred, number)
        except ChangedMeanwhileError:
            if attempt == _TRIES - 1:
                raise
    raise AssertionError("the loop returns or raises")


def _make(work: Work, preferred: str, number: int | None) -> Themed:
    database, project = work.installation.database, work.project.id
    with database.transaction(work.tenant, read_only=True) as session:
        ranked = rank_models(count_by_model(session, project), preferred)
        model = ranked[0] if ranked else preferred
        corpus = load_corpus(session, project, model)
        present = made_themes(session, project)
    made_with = fingerprint(corpus, model, number, work.specs)
    current = bool(present) and all(one.fingerprint == made_with and not one.stale for one in present)
    if current and not work.force:
        with database.transaction(work.tenant) as session:
            count_opportunities(session, project)
        return Themed(Spent(), len(corpus.hashes))
    found = cluster(corpus.vectors, corpus.languages, number)
    drafts = draft(corpus, found, partial(read_passages, database, work.tenant))
    names, unnamed, spent = _names(work, drafts)
    themes = [named(one, corpus, found, *names.get(place, (None, None))) for place, one in enumerate(drafts)]
    _store(work, made_with, themes)
    return Themed(spent, len(corpus.hashes), found.left_out, found.repeated, True, tuple(unnamed))


def _names(work: Work, drafts: Sequence[Draft]) -> tuple[dict[int, tuple[str, str]], list[str], Spent]:
    """The names that a model gives, each with that model, by the theme's place; and why others have none."""
    if not work.specs:
        return {}, [], Spent()
    given: dict[int, tuple[str, str]] = {}
    unnamed: list[str] = []

    async def name(place: int, asker: Asker | None) -> None:
        one = drafts[place]
        if asker is None or not one.typical:
            return
        models: set[str] = set()
        ask = asks(asker, models, CallPurpose.LABEL)
        reply = await ask(labels.label_request(one.keywords, one.typical), one.shown)
        label = labels.read_label(reply, one.keywords, one.typical)
        if label is None:
            unnamed.append(f"theme {place + 1}: what the model gave is no name in words of the passages")
        else:
            given[place] = label, ", ".join(sorted(models))

    done, spent = work.over(list(range(len(drafts))), name, "themes")
    unnamed += [f"theme {place + 1}: {reason}" for place, reason in done.failed.items()]
    return given, sorted(unnamed), spent


def _store(work: Work, made_with: str, themes: Sequence[NewTheme]) -> None:
    """Put the themes in place of the old ones."""
    with work.installation.database.transaction(work.tenant) as session:
        cited = [citation.document_id for theme in themes for one in theme.said for citation in one.citations]
        hashes = text_hashes(session, cited)
        if len(hashes) < len(set(cited)):
            raise ChangedMeanwhileError(f"{len(set(cited)) - len(hashes)} texts are gone")
        kept = [theme.saying(still_says(session, theme.said)) for theme in themes]
        replace_themes(session, work.project.id, made_with, kept, hashes)
        count_opportunities(session, work.project.id)
