"""The tables. Tenant tables carry `tenant_id` first in every key, and row-level security is forced on all of them.

The migrations are the truth for what exists in a database; a test holds these definitions against them.
"""

from resources.database.tables.access import (
    api_keys,
    audit_log,
    idempotency_keys,
    rate_buckets,
    sessions,
    tickets,
    users,
)
from resources.database.tables.answers import (
    answer_sources,
    answers,
    call_sources,
    citations,
    conversations,
    statements,
    summaries,
    theme_passages,
    themes,
)
from resources.database.tables.base import metadata
from resources.database.tables.batches import provider_batch_items, provider_batches
from resources.database.tables.documents import chunks, document_texts, documents, passages, vectors
from resources.database.tables.entities import entities, entity_searches, resolutions
from resources.database.tables.gateway import budgets, call_claims, lanes, reservations
from resources.database.tables.insights import opportunities
from resources.database.tables.learning import calibrations, labels, refinements
from resources.database.tables.projects import projects, prompts, tenants, variables
from resources.database.tables.results import cell_history, cells, datasets, exports, feedback
from resources.database.tables.search import postings, search_hits, search_statistics, searches
from resources.database.tables.work import attempts, calls, events, tasks

__all__ = [
    "answer_sources",
    "answers",
    "api_keys",
    "attempts",
    "audit_log",
    "budgets",
    "calibrations",
    "call_claims",
    "call_sources",
    "calls",
    "cell_history",
    "cells",
    "chunks",
    "citations",
    "conversations",
    "datasets",
    "document_texts",
    "documents",
    "entities",
    "entity_searches",
    "events",
    "exports",
    "feedback",
    "idempotency_keys",
    "labels",
    "lanes",
    "metadata",
    "opportunities",
    "passages",
    "postings",
    "projects",
    "prompts",
    "provider_batch_items",
    "provider_batches",
    "rate_buckets",
    "refinements",
    "reservations",
    "resolutions",
    "search_hits",
    "search_statistics",
    "searches",
    "sessions",
    "statements",
    "summaries",
    "tasks",
    "tenants",
    "theme_passages",
    "themes",
    "tickets",
    "users",
    "variables",
    "vectors",
]
