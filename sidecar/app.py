"""The application: everything it is made of, on one screen."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.routing import APIRouter

from resources.database.repositories.rate_buckets import RateBuckets
from resources.installation import Installation
from sidecar.audit.routes import router as audit
from sidecar.auth.routes import router as auth
from sidecar.context.page_routes import router as pages
from sidecar.context.routes import router as context
from sidecar.conversations.answering import answering
from sidecar.conversations.message_routes import router as messages
from sidecar.conversations.routes import router as conversations
from sidecar.conversations.socket_routes import router as message_socket
from sidecar.docs import add_docs
from sidecar.exports.routes import router as exports
from sidecar.feedback.routes import router as feedback
from sidecar.insights.routes import router as insights
from sidecar.internal.routes import router as internal
from sidecar.keys.routes import router as keys
from sidecar.limits.install import add_limits
from sidecar.limits.rates import Rates
from sidecar.limits.settings import Bounds, load_bounds
from sidecar.models.routes import router as models
from sidecar.observe.meters import Meters
from sidecar.observe.middleware import observe
from sidecar.openapi import complete_examples, describe_parameters
from sidecar.operations.gauges import InstallationGauges
from sidecar.operations.readiness import Readiness
from sidecar.operations.routes import router as operations
from sidecar.problem_handlers import add_problem_handlers
from sidecar.problems import EVERYWHERE, describe_problems, problems
from sidecar.projects.routes import router as projects
from sidecar.prompts.routes import router as prompts
from sidecar.quality.routes import router as quality
from sidecar.results.routes import router as results
from sidecar.search.routes import router as search
from sidecar.security.authenticate import authenticator
from sidecar.security.declared import refuse_undeclared
from sidecar.security.secrets import Secrets, load_secrets
from sidecar.stream.routes import router as stream
from sidecar.stream.streams import streaming
from sidecar.suggestions.routes import router as suggestions
from sidecar.tasks.routes import router as tasks
from sidecar.usage.routes import router as usage
from sidecar.users.routes import router as users
from sidecar.variables.routes import router as variables

ROUTERS: tuple[APIRouter, ...] = (
    operations,
    auth,
    users,
    keys,
    projects,
    variables,
    prompts,
    suggestions,
    tasks,
    stream,
    audit,
    search,
    conversations,
    messages,
    message_socket,
    insights,
    context,
    pages,
    internal,
    results,
    feedback,
    quality,
    exports,
    models,
    usage,
)
"""Each from the `routes.py` of its folder."""

DESCRIPTION = """\
From a folder of documents to a dataset in which every value shows the words it came from: projects and variables,
documents, tasks that Dagster carries out, results with their evidence, exports.

Errors are problem details (RFC 9457). Lists come in pages: pass `next` of one page as `after` of the next request."""


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with streaming(app), answering(app):
        yield
    app.state.rates.dispose()
    app.state.installation.database.dispose()


def make_app(installation: Installation, secrets: Secrets | None = None, bounds: Bounds | None = None) -> FastAPI:
    """The application on one installation. Raises UnauthorisedRouteError when a route declares no authorisation."""
    app = FastAPI(
        title="Crucible",
        version="1",
        description=DESCRIPTION,
        docs_url=None,  # see `add_docs`
        redoc_url=None,
        lifespan=_lifespan,
        responses=problems(*EVERYWHERE),
        generate_unique_id_function=lambda route: route.name,  # `list_projects`: what generated clients call it
        telemetry={"operation_spans": False},  # a span a request; of what is inside, the calls have theirs
    )
    app.state.installation = installation
    app.state.secrets = secrets or load_secrets(installation.settings.home)
    app.state.authentication = authenticator(installation, app.state.secrets)
    app.state.authenticator = app.state.authentication  # what bounds requests is put round it
    app.state.readiness = Readiness(installation)
    app.state.meters = Meters(installation)
    app.state.meters.registry.register(InstallationGauges(installation))
    for router in ROUTERS:
        app.include_router(router)
    add_docs(app)
    add_problem_handlers(app)
    refuse_undeclared(app)
    add_limits(app, Rates(RateBuckets(lambda: installation.database)), bounds or load_bounds())
    observe(app, app.state.meters)  # the last: outside of all other middleware
    describe_problems(app)
    describe_parameters(app)
    complete_examples(app)
    return app
