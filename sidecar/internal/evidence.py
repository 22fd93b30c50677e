"""Quotes of other services, held against the texts of the documents they name."""

from collections.abc import Iterable
from uuid import UUID

from resources.database.engine import TenantSession
from resources.database.repositories.document_lists import find_in_text, get_document, text_stretch
from resources.vocabulary import EvidenceStatus
from sidecar.internal.schemas import CheckedEvidence, EvidenceIn


class Quotes:
    """Looks quotes up in the documents of one project."""

    def __init__(self, session: TenantSession, project_id: str) -> None:
        self._session = session
        self._project = project_id
        self._known: dict[UUID, bool] = {}

    def check(self, evidence: Iterable[EvidenceIn]) -> list[CheckedEvidence]:
        """Where each quote stands: at the place that was given, else where the text holds it first."""
        return [self._check(item) for item in evidence]

    def _check(self, item: EvidenceIn) -> CheckedEvidence:
        start = self._place(item) if self._is_here(item.document_id) else None
        if start is None:
            return CheckedEvidence(
                document_id=item.document_id, status=EvidenceStatus.NOT_FOUND, start=None, end=None
            )
        end = start + len(item.quote)
        return CheckedEvidence(document_id=item.document_id, status=EvidenceStatus.EXACT, start=start, end=end)

    def _is_here(self, document_id: UUID) -> bool:
        if document_id not in self._known:
            document = get_document(self._session, document_id)
            self._known[document_id] = document is not None and document.project_id == self._project
        return self._known[document_id]

    def _place(self, item: EvidenceIn) -> int | None:
        if item.start is not None:
            stretch = text_stretch(self._session, item.document_id, item.start, item.start + len(item.quote))
            if stretch is not None and stretch[0] == item.quote:
                return item.start
        return find_in_text(self._session, item.document_id, item.quote)
