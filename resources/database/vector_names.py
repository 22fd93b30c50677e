"""How the partitions of `vectors` and their HNSW indexes are called: tenant and model tell the name."""

import hashlib

REST = "vectors_rest"
"""The partition of all tenants that have none of their own."""


def partition_of(tenant: str) -> str:
    """The partition that a tenant has, if it has one of its own."""
    return f"vectors_{_short(tenant)}"


def index_of(partition: str, model: str, dimension: int) -> str:
    """The HNSW index over a model's vectors of this length in a partition."""
    return f"hnsw_{partition.removeprefix('vectors_')}_{_short(f'{dimension} {model}')}"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
