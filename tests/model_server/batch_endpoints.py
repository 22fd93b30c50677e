"""Which function answers a request to a provider's endpoints for files and batches."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from tests.model_server import anthropic_batches, openai_batches, openai_files
from tests.model_server.dialects import ANTHROPIC, OPENAI
from tests.model_server.http import HttpRequest
from tests.model_server.wire import Answer, Problem, credential

if TYPE_CHECKING:
    from tests.model_server.app import Application

_FILES, _BATCHES, _MESSAGE_BATCHES = "/v1/files", "/v1/batches", "/v1/messages/batches"


def batch_endpoint(app: "Application", request: HttpRequest) -> Answer | None:
    """The answer to a request about files or batches; None when it is about something else."""
    path = request.path
    root = next((root for root in (_FILES, _BATCHES, _MESSAGE_BATCHES) if (path + "/").startswith(root + "/")), None)
    if root is None:
        return None
    dialect = ANTHROPIC if root == _MESSAGE_BATCHES else OPENAI
    key = credential(request.headers)
    answer: Answer | Problem | None = dialect.access(request.headers, key, app.config)
    if answer is None:
        answer = _routed(app, request, root, path.removeprefix(root).strip("/").split("/"), key)
    return dialect.error(answer, f"req_{app.next_identity()}") if isinstance(answer, Problem) else answer


def _routed(
    app: "Application", request: HttpRequest, root: str, rest: Sequence[str], key: str
) -> Answer | Problem | None:
    query = {name: values[-1] for name, values in parse_qs(urlsplit(request.target).query).items()}
    match root, request.method, *rest:
        case "/v1/files", "POST", "":
            return openai_files.upload(app, request)
        case "/v1/files", "GET", "":
            return openai_files.listed(app, query)
        case "/v1/files", "GET", name:
            return openai_files.retrieve(app, name)
        case "/v1/files", "GET", name, "content":
            return openai_files.content(app, name)
        case "/v1/files", "DELETE", name:
            return openai_files.delete(app, name)
        case "/v1/batches", "POST", "":
            return openai_batches.create(app, request, key)
        case "/v1/batches", "GET", "":
            return openai_batches.listed(app, query)
        case "/v1/batches", "GET", name:
            return openai_batches.retrieve(app, name)
        case "/v1/batches", "POST", name, "cancel":
            return openai_batches.cancel(app, name)
        case "/v1/messages/batches", "POST", "":
            return anthropic_batches.create(app, request, key)
        case "/v1/messages/batches", "GET", "":
            return anthropic_batches.listed(app, request, query)
        case "/v1/messages/batches", "GET", name:
            return anthropic_batches.retrieve(app, request, name)
        case "/v1/messages/batches", "POST", name, "cancel":
            return anthropic_batches.cancel(app, request, name)
        case "/v1/messages/batches", "GET", name, "results":
            return anthropic_batches.results(app, name)
        case "/v1/messages/batches", "DELETE", name:
            return anthropic_batches.delete(app, name)
    return None
