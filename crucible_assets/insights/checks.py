"""Checks of summaries and themes: what is stored is borne by words that are there, and nothing is stale."""

import unicodedata
from collections.abc import Iterable
from typing import Any

import dagster as dg

from crucible_assets.insights.asset import document_summaries, project_summary, themes
from crucible_assets.metadata import table
from crucible_assets.partitions import ProjectKey, by_project, checked_batches, projects
from resources.database.engine import TenantSession
from resources.database.repositories.documents import list_documents
from resources.database.repositories.insight_rows import (
    facts_of_documents,
    made_summaries,
    text_hashes,
    words_of_citations,
)
from resources.database.repositories.insights import page_of_themes, summary_of_project
from resources.database.repositories.statements import StoredStatement
from resources.installation import Installation
from resources.statements import CheckedBy, Support

_MOST_THEMES = 1_000


@dg.asset_check(
    asset=document_summaries,
    description="Every fact cites words that stand in its document and is not unsupported; a copy is what it cites.",
)
def facts_are_cited(
    context: dg.AssetCheckExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.AssetCheckResult:
    """Look at every fact of the documents' summaries."""
    wrong: list[dict[str, str]] = []
    looked_at = 0
    for project, keys in by_project(checked_batches(context)).items():
        with installation.database.transaction(project.tenant, read_only=True) as session:
            wanted = {row.id for row in list_documents(session, project.project, [key.number for key in keys])}
            facts = facts_of_documents(session, project.project)
            mine = [one for id_, said in facts.items() if id_ in wanted for one in said]
            wrong += problems_of(session, mine)
            looked_at += len(mine)
    return _result(wrong, {"facts": looked_at})


@dg.asset_check(
    asset=document_summaries,
    description="Every document that has words has a summary, and none has lost something that it rested on.",
)
def documents_are_summed_up(
    context: dg.AssetCheckExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.AssetCheckResult:
    """Look for documents without a summary and for stale ones; a model that did not answer leaves some."""
    wrong = []
    for project, keys in by_project(checked_batches(context)).items():
        with installation.database.transaction(project.tenant, read_only=True) as session:
            rows = list_documents(session, project.project, [key.number for key in keys])
            read = text_hashes(session, [row.id for row in rows])
            made = made_summaries(session, project.project)
        for row in rows:
            if row.id in read and row.id not in made:
                wrong.append({"what": row.name, "problem": "has no summary"})
            elif row.id in made and made[row.id].stale:
                wrong.append({"what": row.name, "problem": "its summary is stale"})
    return _result(wrong, {}, warn=True)


@dg.asset_check(
    asset=project_summary,
    partitions_def=projects,
    description="Every sentence of the summary cites words that stand in the documents and is not unsupported, and "
    "the summary is not stale.",
)
def summary_is_cited(
    context: dg.AssetCheckExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.AssetCheckResult:
    """Look at every sentence of a project's summary."""
    key = ProjectKey.parse(context.partition_key)
    with installation.database.transaction(key.tenant, read_only=True) as session:
        stored = summary_of_project(session, key.project)
        wrong = problems_of(session, stored.statements) if stored else []
    if stored and stored.stale:
        wrong.append({"what": "the summary", "problem": "it is stale"})
    return _result(wrong, {"sentences": len(stored.statements) if stored else 0})


@dg.asset_check(
    asset=themes,
    partitions_def=projects,
    description="Every theme has passages, a label, sentences that stand in them, and is not stale.",
)
def themes_have_passages(
    context: dg.AssetCheckExecutionContext, installation: dg.ResourceParam[Installation]
) -> dg.AssetCheckResult:
    """Look at every theme of a project."""
    key = ProjectKey.parse(context.partition_key)
    wrong: list[dict[str, str]] = []
    with installation.database.transaction(key.tenant, read_only=True) as session:
        stored = page_of_themes(session, key.project, _MOST_THEMES)
        for one in stored:
            wrong += problems_of(session, one.statements)
            if not one.passages:
                wrong.append({"what": f"theme {one.number}", "problem": "it has no passages"})
            if one.label is None:
                wrong.append({"what": f"theme {one.number}", "problem": "it has no label"})
    wrong += [{"what": f"theme {one.number}", "problem": "it is stale"} for one in stored if one.stale]
    return _result(wrong, {"themes": len(stored)})


def problems_of(session: TenantSession, said: Iterable[StoredStatement]) -> list[dict[str, str]]:
    """What is wrong with statements as they are stored, held against the texts that they cite."""
    found = []
    for one in said:
        statement = one.statement
        words = [cited for cited in words_of_citations(session, statement.citations) if cited.strip()]
        if statement.support is Support.UNSUPPORTED:
            found.append({"what": statement.text, "problem": "it is unsupported"})
        elif not statement.citations:
            found.append({"what": statement.text, "problem": "it cites nothing"})
        elif len(words) < len(statement.citations):
            found.append({"what": statement.text, "problem": "it cites a place where its document has no words"})
        elif statement.checked_by is CheckedBy.COPY and not any(_bare(statement.text) in _bare(w) for w in words):
            found.append({"what": statement.text, "problem": "it is no copy of what it cites"})
    return found


def _bare(text: str) -> str:
    """Letters and digits without regard to case: a copy may differ in blanks, quotation marks and forms."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def _result(wrong: list[dict[str, str]], counts: dict[str, Any], *, warn: bool = False) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=not wrong,
        severity=dg.AssetCheckSeverity.WARN if warn else dg.AssetCheckSeverity.ERROR,
        metadata={**counts, "problems": table(wrong, ["what", "problem"])},
    )
