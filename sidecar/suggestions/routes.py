"""`POST /v1/projects/{project_id}/suggestions`: variables that a model suggests."""

from uuid import UUID

from fastapi import APIRouter, Request

from crucible_assets.prompts.suggest import Wanted
from resources.database.engine import TenantSession
from resources.database.repositories.audit import audit
from resources.database.repositories.documents import list_documents, load_texts
from resources.installation import Installation
from resources.project import variable_to_dict
from sidecar.fields import ProjectPath
from sidecar.problems import Conflict, NotFound, Unavailable, Unusable, problems
from sidecar.projects.service import found
from sidecar.security.principal import Runner
from sidecar.suggestions.schemas import SuggestedVariable, Suggestions, SuggestionsIn
from sidecar.suggestions.service import BadGateway, suggest

router = APIRouter(prefix="/v1/projects/{project_id}/suggestions", tags=["variables"])


@router.post("", response_model=Suggestions, responses=problems(NotFound, Conflict, BadGateway, Unavailable))
def suggest_variables(request: Request, who: Runner, project_id: ProjectPath, body: SuggestionsIn) -> Suggestions:
    """Variables that a language model suggests for these documents. It costs a call; the same again costs nothing.

    Nothing is held in the database while the model is asked.
    """
    installation: Installation = request.app.state.installation
    with installation.database.transaction(who.tenant, read_only=True) as session:
        record = found(session, project_id)
        excerpts = _excerpts(session, project_id, body.documents)
    if record.archived:
        raise Conflict(f"Project `{project_id}` is archived; restore it first.")
    wanted = Wanted(body.document_type, body.domain, body.research_question, body.max, excerpts)
    made, call = suggest(installation, who.tenant, record.project, wanted)
    with installation.database.transaction(who.tenant) as session:
        session.info["actor"] = who.subject
        session.info["request_id"] = getattr(request.state, "request_id", "")
        audit(session, "variables.suggest", f"project:{project_id}", call=call.key, paid=call.paid)
    return Suggestions(
        variables=[SuggestedVariable.model_validate(variable_to_dict(variable)) for variable in made.variables],
        dropped=len(made.dropped),
        dropped_because=list(made.dropped),
        model=f"{call.provider}:{call.model}",
        paid=call.paid,
        cost_usd=None if call.cost_usd is None else float(call.cost_usd),
    )


def _excerpts(session: TenantSession, project_id: str, ids: list[UUID]) -> tuple[str, ...]:
    """The texts of some documents of the project. Raises Unusable for one that is not there or has no text."""
    if not ids:
        return ()
    texts = load_texts(session, list({row.id for row in list_documents(session, project_id)} & set(ids)))
    if missing := [str(id_) for id_ in ids if id_ not in texts]:
        raise Unusable(f"body.documents: the project has no text of {', '.join(missing)}.")
    return tuple(texts[id_].text for id_ in dict.fromkeys(ids))
