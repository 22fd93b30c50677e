"""Errors of reranking as the reasons that are stored with a search."""

from resources.reranking.errors import RerankInputError, RerankRejectedError, RerankReplyError, RerankSettingsError
from resources.search.vocabulary import WithoutReranking

_REASONS: tuple[tuple[type[Exception], WithoutReranking], ...] = (
    (RerankSettingsError, WithoutReranking.NOT_SET_UP),
    (RerankInputError, WithoutReranking.UNREADABLE),
    (RerankRejectedError, WithoutReranking.REFUSED),
    (RerankReplyError, WithoutReranking.BAD_REPLY),
)


def reason_of(error: Exception) -> WithoutReranking:
    """Why the first order stands; what is no fault of the request or the settings is UNAVAILABLE."""
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), WithoutReranking.UNAVAILABLE)
