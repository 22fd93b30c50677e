"""What a full run would cost, from the real prompts of a sample of documents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import sqlalchemy as sa

from crucible_assets.chunks.tokens import count_tokens
from crucible_assets.extractions.asset import asked_variables, spread
from crucible_assets.extractions.plan import Ask, Asked, Chunk, Source, grouped, make_ask, stretches
from crucible_assets.partitions import ProjectKey
from resources.database.engine import TenantSession
from resources.database.repositories.documents import DocumentRow, list_documents, load_texts
from resources.database.repositories.passages import load_spans
from resources.database.tables import calls
from resources.installation import Installation
from resources.models.ledger import Ledger, call_key
from resources.models.prices import cost_of
from resources.models.providers.choose import make_provider
from resources.models.request import Provider, Usage
from resources.project import Project, waves
from resources.vocabulary import DocumentStatus

ASSUMED_OUTPUT_TOKENS = 90
"""Per variable, when this project has no finished call to learn from: an object with a short quote."""

_WITH_ANY_KEY = {"ANTHROPIC_API_KEY": "none", "OPENAI_API_KEY": "none"}
"""Nothing is asked of the model, so an estimate needs no key."""

_WRAPPING_TOKENS = 12  # roles and separators that providers add to a request


@dataclass(frozen=True, slots=True)
class Estimate:
    """Figures for the whole corpus. Costs are None when the model's price is not known."""

    documents: int
    measured: int
    calls: int
    calls_known: int
    input_tokens: int
    output_tokens: int
    output_basis: str
    cost_usd: Decimal | None
    cost_cached_usd: Decimal | None


def estimate(
    installation: Installation, key: ProjectKey, project: Project, spec: str, most_documents: int
) -> Estimate:
    """Render every prompt of up to `most_documents` documents, count its tokens, and scale to the corpus."""
    provider = make_provider(spec, timeout_seconds=installation.settings.call_timeout_seconds, env=_WITH_ANY_KEY)
    with installation.database.transaction(key.tenant) as session:
        rows = [r for r in list_documents(session, key.project) if r.status is not DocumentStatus.FAILED]
        chosen = spread(rows, most_documents)
        asked = asked_variables(session, project)
        per_variable, basis = _output_tokens(session, project.id)
        sources = _sources(session, chosen)
    asks = [(source, ask) for source in sources for ask in _asks(source, project, asked, provider)]
    keys = {call_key(key.tenant, provider, ask.request): ask for _, ask in asks}
    known = Ledger(installation.database, key.tenant).find(keys)
    fresh = [(source, ask) for source, ask in asks if call_key(key.tenant, provider, ask.request) not in known]
    scale = len(rows) / len(chosen) if chosen else 0.0
    into, reused = _input_tokens([ask for _, ask in fresh])
    out = sum(per_variable * len(ask.variables) for _, ask in fresh)
    day = datetime.now(UTC).date()

    def money(cached: int) -> Decimal | None:
        usage = Usage(
            input_tokens=round(into * scale), cached_tokens=round(cached * scale), output_tokens=round(out * scale)
        )
        return cost_of(provider.name, provider.model, usage, day)[0]

    return Estimate(
        documents=len(rows),
        measured=len(chosen),
        calls=round(len(asks) * scale),
        calls_known=round((len(asks) - len(fresh)) * scale),
        input_tokens=round(into * scale),
        output_tokens=round(out * scale),
        output_basis=basis,
        cost_usd=money(0),
        cost_cached_usd=money(reused),
    )


def _sources(session: TenantSession, rows: Sequence[DocumentRow]) -> list[Source]:
    ids = [row.id for row in rows]
    texts, chunks = load_texts(session, ids), load_spans(session, ids)
    return [
        Source(
            row.id, row.name, row.batch, texts[row.id].text, texts[row.id].segments, row.language,
            tuple(Chunk(*span) for span in chunks.get(row.id, ())),
        )
        for row in rows
        if row.id in texts
    ]  # fmt: skip


def _asks(source: Source, project: Project, asked: dict[str, Asked], provider: Provider) -> list[Ask]:
    spans = stretches(source, whole=provider.reads_whole_documents)
    return [
        make_ask(source, group, chunk)
        for wave in waves(project.variables)
        for group in grouped([asked[v.name] for v in wave], project.settings.variables_per_call)
        for chunk in spans
    ]


def _input_tokens(asks: Sequence[Ask]) -> tuple[int, int]:
    """(all input tokens, those that repeat an earlier prefix: system and document of the same stretch)."""
    total = reused = 0
    prefixes: dict[tuple[str, str], int] = {}
    for ask in asks:
        prefix = (ask.request.system, ask.request.document)
        if prefix in prefixes:
            reused += prefixes[prefix]
        else:
            prefixes[prefix] = count_tokens(ask.request.system) + count_tokens(ask.request.document_message)
        total += prefixes[prefix] + count_tokens(ask.request.question) + _WRAPPING_TOKENS
    return total, reused


def _output_tokens(session: TenantSession, project_id: str) -> tuple[float, str]:
    """Mean output tokens per variable and how they are known."""
    row = session.execute(
        sa.select(
            sa.func.count(), sa.func.sum(calls.c.output_tokens), sa.func.sum(sa.func.cardinality(calls.c.variables))
        ).where(calls.c.project_id == project_id, calls.c.output_tokens > 0)
    ).one()
    if not row[0]:
        return float(ASSUMED_OUTPUT_TOKENS), f"assumed, {ASSUMED_OUTPUT_TOKENS} per variable"
    return int(row[1]) / int(row[2]), f"the mean of {row[0]} finished calls of this project"
