"""The asset `search_quality`: how well a project's own passages are found, day after day."""

from collections.abc import Mapping, Sequence

import dagster as dg

from crucible_assets.metadata import table
from crucible_assets.partitions import ALL, ProjectKey, projects
from crucible_assets.prompts.asset import require_project
from crucible_assets.search_quality.asking import DEPTH, LEGS, ask, means
from crucible_assets.search_quality.questions import KnownQuestion, evidence_questions, known_items
from resources.database.engine import TenantSession
from resources.database.repositories.postings import languages_of
from resources.database.repositories.retrieval import Filters, hybrid
from resources.database.repositories.search_samples import sample_evidence, sample_passages, state_of_search
from resources.database.repositories.search_state import weights_of
from resources.database.repositories.vector_models import known_counts
from resources.embedding.contract import FloatMatrix
from resources.embedding.factory import embedder_from_settings
from resources.installation import Installation
from resources.observe.runs import observed
from resources.project import Project
from resources.search.language import in_other_language
from resources.search.query import make_query
from resources.search.serving import serving_embedder

MOST_QUESTIONS = 200
"""Of each kind."""
PLACES, STATE = "places", "state"
"""Metadata: the places by question and leg, and the state of passages that they were found in."""
_CHARACTERS = 80  # of a passage that can be told from others


@dg.asset(
    partitions_def=projects,
    deps=[dg.AssetDep("embeddings", partition_mapping=ALL)],
    group_name="corpus",
    kinds={"python", "postgres"},
    owners=["team:data-engineering"],
    description="How well search finds passages that are known to answer: up to 200 made of sentences of the project "
    "itself, up to 200 of the evidence of its cells; by words, by vectors and fused.",
)
@observed
def search_quality(
    context: dg.AssetExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.MaterializeResult[None]:
    """Make the questions, ask them, and keep the figures as metadata; nothing else is stored."""
    key = ProjectKey.parse(context.partition_key)
    settings = installation.settings
    with installation.database.transaction(key.tenant, read_only=True) as session:
        project = require_project(session, key)
        questions = _questions(session, project)
        state = state_of_search(session, project.id)
        counts = known_counts(session, project.id)
    embedder = serving_embedder(
        embedder_from_settings(settings.embedding, settings.model_cache), counts, settings.model_cache
    )
    vectors = dict(
        zip(
            (question.id for question in questions),
            embedder.embed_queries([question.text for question in questions]) if questions else (),
            strict=True,
        )
    )
    with installation.database.transaction(key.tenant, read_only=True) as session:
        languages = languages_of(session, project.id)
        places = ask(
            questions,
            lambda question: _ranked(
                session, project.id, question, languages, embedder.fingerprint, vectors[question.id]
            ),
        )
    rows = [
        {
            "questions": f"{one.questions} by {one.kind}",
            "leg": one.leg,
            f"recall@{DEPTH}": f"{one.recall:.3f}",
            "MRR": f"{one.mrr:.3f}",
        }
        for one in means(questions, places)
    ]
    return dg.MaterializeResult(
        metadata={
            "questions": len(questions),
            "model": embedder.fingerprint,
            STATE: state,
            "figures": table(rows, ["questions", "leg", f"recall@{DEPTH}", "MRR"]),
            PLACES: dg.MetadataValue.json(dict(places)),
        }
    )


def _questions(session: TenantSession, project: Project) -> list[KnownQuestion]:
    asks = {variable.name: variable.title for variable in project.variables}
    found = [
        *known_items(
            sample_passages(session, project.id, MOST_QUESTIONS, _CHARACTERS),
            lambda terms: weights_of(session, project.id, terms),
        ),
        *evidence_questions(sample_evidence(session, project.id, MOST_QUESTIONS), asks),
    ]
    return list({question.id: question for question in found}.values())


def _ranked(
    session: TenantSession,
    project: str,
    question: KnownQuestion,
    languages: Sequence[str],
    model: str,
    vector: FloatMatrix,
) -> Mapping[str, list[str]]:
    query = make_query(question.text, languages)
    both = None if in_other_language(session, project, query, languages) else query
    filters = Filters() if question.document is None else Filters(documents=(question.document,))
    asked = {"words": (query, None, None), "vectors": (None, model, vector), "fused": (both, model, vector)}
    return {leg: [hit.content_hash for hit in hybrid(session, project, *asked[leg], DEPTH, filters)] for leg in LEGS}
