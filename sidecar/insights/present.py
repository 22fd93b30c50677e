"""From stored summaries, themes and opportunities to what is shown of them."""

from collections.abc import Sequence

from resources.database.engine import TenantSession
from resources.database.repositories.insights import StoredSummary, StoredTheme
from resources.database.repositories.insights import ThemePassage as StoredPassage
from resources.database.repositories.opportunities import PutOpportunity
from sidecar.insights.schemas import Opportunity, OpportunityEvidence, Origin, Summary, Theme, ThemePassage
from sidecar.search.present import places_of
from sidecar.statements import Shown, cited, stretches_of


def summary(session: TenantSession, stored: StoredSummary) -> Summary:
    """A summary with the words that bear it."""
    shown = Shown(session, stretches_of(stored.statements))
    return Summary(
        id=stored.id,
        project_id=stored.project_id,
        document_id=stored.document_id,
        model=stored.model,
        stale=stored.stale,
        statements=cited(stored.statements, shown),
        created_at=stored.created_at,
    )


def themes(session: TenantSession, stored: Sequence[StoredTheme]) -> list[Theme]:
    """Themes with their sentences."""
    shown = Shown(session, stretches_of(statement for theme in stored for statement in theme.statements))
    return [
        Theme(
            id=theme.id,
            project_id=theme.project_id,
            number=theme.number,
            label=theme.label,
            keywords=list(theme.keywords),
            passages=theme.passages,
            documents=theme.documents,
            opportunity=theme.opportunity,
            model=theme.model,
            stale=theme.stale,
            statements=cited(theme.statements, shown),
            created_at=theme.created_at,
        )
        for theme in stored
    ]


def passages(session: TenantSession, stored: Sequence[StoredPassage]) -> list[ThemePassage]:
    """Passages with where they stand in their files."""
    places = places_of(session, [(one.document_id, one.start, one.end) for one in stored])
    return [
        ThemePassage(
            document_id=one.document_id,
            document_name=one.document_name,
            current=one.current,
            passage_index=one.index,
            start=one.start,
            end=one.end,
            text=one.text,
            places=here,
            distance=one.distance,
        )
        for one, here in zip(stored, places, strict=True)
    ]


def of_theme(theme: Theme) -> Opportunity:
    """A theme as an opportunity."""
    return Opportunity(
        origin=Origin.THEME,
        title=theme.label or ", ".join(theme.keywords),
        description="",
        score=theme.opportunity,
        theme=theme,
        external_id=None,
        evidence=[],
        details={},
        updated_at=theme.created_at,
    )


def of_service(put: PutOpportunity) -> Opportunity:
    """An opportunity as a service put it."""
    return Opportunity(
        origin=Origin.SERVICE,
        title=put.title,
        description=put.description,
        score=put.score,
        theme=None,
        external_id=put.external_id,
        evidence=[OpportunityEvidence.model_validate(place) for place in put.evidence],
        details=put.details,
        updated_at=put.updated_at,
    )
