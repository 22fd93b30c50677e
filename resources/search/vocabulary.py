"""Words of search that are stored and told: how was asked, and why something was not used or not found."""

from enum import StrEnum


class SearchMode(StrEnum):
    """What decides which passages are found."""

    HYBRID = "hybrid"  # words and vectors
    WORDS = "words"
    VECTORS = "vectors"


class WithoutVectors(StrEnum):
    """Why the words alone decided."""

    NOT_ASKED = "NOT_ASKED"
    QUERY_TOO_LONG = "QUERY_TOO_LONG"  # for the embedding model's window; it is never cut
    NOT_EMBEDDED = "NOT_EMBEDDED"  # the project has no vectors yet
    OTHER_MODEL = "OTHER_MODEL"  # the project's vectors are of a model with which queries are not embedded
    MODEL_UNAVAILABLE = "MODEL_UNAVAILABLE"  # the embedding model could not be used; the log says why


class WithoutWords(StrEnum):
    """Why the vectors alone decided."""

    NOT_ASKED = "NOT_ASKED"
    OTHER_LANGUAGE = "OTHER_LANGUAGE"  # than the project's documents: few of its words stand in them, by chance


class NothingFound(StrEnum):
    """Why a search has no hits."""

    NO_DOCUMENTS = "NO_DOCUMENTS"  # the project has none yet
    NOT_EMBEDDED = "NOT_EMBEDDED"  # none of its documents was read, cut and embedded yet: a task does it
    NO_MATCH = "NO_MATCH"  # no passage of the documents that the filters let through


class WithoutReranking(StrEnum):
    """Why the order of hits is that of the search alone."""

    OFF = "OFF"  # no reranker is set
    NO_CHOICE = "NO_CHOICE"  # fewer than two hits
    NOT_SET_UP = "NOT_SET_UP"  # the project names a reranker for which the installation lacks something
    UNREADABLE = "UNREADABLE"  # the query or a passage is too long for it
    UNAVAILABLE = "UNAVAILABLE"  # it failed, or did not answer in time; the log says why
    REFUSED = "REFUSED"  # it refused the request: key, model, address; the log says why
    BAD_REPLY = "BAD_REPLY"  # it answered without a score for each passage
