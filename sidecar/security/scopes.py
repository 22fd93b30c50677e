"""What may be done, and which role may do it."""

from enum import StrEnum
from types import MappingProxyType

from resources.vocabulary import Role


class Scope(StrEnum):
    """What a route asks for; a key or token may hold fewer than its owner's role gives."""

    READ = "read"  # projects, documents, results, tasks
    WRITE = "write"  # projects, variables, documents, verdicts
    RUN = "run"  # what may cost money: tasks, suggestions
    ADMIN = "admin"  # users, keys of others, audit log, diagnostics
    INTERNAL = "internal"  # what other services do; only with a short-lived service token


SCOPES = MappingProxyType(
    {
        Role.VIEWER: frozenset({Scope.READ}),
        Role.RESEARCHER: frozenset({Scope.READ, Scope.WRITE, Scope.RUN}),
        Role.ADMIN: frozenset({Scope.READ, Scope.WRITE, Scope.RUN, Scope.ADMIN}),
        Role.SERVICE: frozenset({Scope.READ, Scope.INTERNAL}),
    }
)
"""The most that each role may do."""

DESCRIPTIONS = MappingProxyType(
    {
        Scope.READ: "see projects, documents, tasks and results",
        Scope.WRITE: "change projects, variables and documents, give verdicts",
        Scope.RUN: "start what may cost money",
        Scope.ADMIN: "manage users, keys and the audit log",
        Scope.INTERNAL: "what other services do",
    }
)
