"""The endpoints for tests: `GET /_stats`, `GET /_ready`, `POST /_reset`, `POST /_config`."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pydantic_core import from_json

from tests.model_server.answers import LabelledLines, Script
from tests.model_server.app import Application
from tests.model_server.config import ConfigError, ServerConfig
from tests.model_server.gold import GoldAnswers
from tests.model_server.http import HttpRequest, Plan, Step
from tests.model_server.noise import NoiseRecord, Noisy, noise_shares
from tests.model_server.record import call_as_json, stats
from tests.model_server.view import Answerer, Json, Reply
from tests.model_server.wire import JSON, dumps, head


def serve(app: Application, request: HttpRequest) -> Plan:
    """The plan of a request to any endpoint: those for tests here, the providers' in the application."""
    if not request.path.startswith("/_"):
        return app.serve(request)
    try:
        status, body = _control(app, request)
    except (ConfigError, ValueError, TypeError, KeyError) as error:
        status, body = 400, {"error": str(error)}
    data = dumps(body)
    return Plan((Step(0.0, head(status, JSON, (), len(data)) + data),))


def _control(app: Application, request: HttpRequest) -> tuple[int, Json]:
    match request.method, request.path:
        case "GET", "/_ready":
            return 200, {"ready": True}
        case "GET", "/_stats":
            return 200, _stats(app, request)
        case "POST", "/_reset":
            app.reset()
            return 200, {"reset": True}
        case "POST", "/_config":
            configure(app, from_json(request.body))
            return 200, {"configured": True}
    return 404, {"error": f"no {request.method} {request.path}; there are /_ready, /_stats, /_reset and /_config"}


def _stats(app: Application, request: HttpRequest) -> Json:
    """Totals; with `?calls=1` the calls too, from number `?since=` + 1 on; with `?noise=1` what noise was made."""
    query = parse_qs(urlsplit(request.target).query)
    result = asdict(stats(app.calls, app.batches.made, app.gate.waiting))
    result["failures"] = [f"{type(error).__name__}: {error}" for error in app.failures]
    if "calls" in query:
        since = int(query.get("since", ["0"])[0])
        result["call_list"] = [call_as_json(call) | {"body": None} for call in app.calls[since:]]
    if "noise" in query:
        result["noise"] = [asdict(record) for record in noise_of(app)]
    return result


def noise_of(app: Application) -> tuple[NoiseRecord, ...]:
    """What a noisy answerer has done so far; nothing when the answerer is none."""
    return app.answerer.records if isinstance(app.answerer, Noisy) else ()


def configure(app: Application, settings: Mapping[str, Any]) -> None:
    """Apply settings given as JSON: those of ServerConfig, and `hold`, `answers`, `script`, `noise`.

    `hold`: true holds answers back, false lets them go. `answers`: `{document: {variable: [values]}}`.
    `script`: replies in order, a text or JSON value each. An empty `answers` goes back to labelled lines.
    `noise`: `{kind: share}` spoils what the answerer says; an empty one ends that. Raises ConfigError.
    """
    known = {"hold", "answers", "script", "noise"}
    config: ServerConfig = app.config.changed({key: value for key, value in settings.items() if key not in known})
    if "answers" in settings:
        app.answerer = GoldAnswers(settings["answers"]) if settings["answers"] else LabelledLines()
    if "script" in settings:
        app.answerer = _script(settings["script"], app.answerer)
    if "noise" in settings:
        inner = app.answerer.inner if isinstance(app.answerer, Noisy) else app.answerer
        shares = noise_shares(settings["noise"])
        app.answerer = Noisy(inner, shares, config.seed) if shares else inner
    app.configure(config)
    if settings.get("hold") is True:
        app.gate.hold()
    elif settings.get("hold") is False:
        app.gate.release()


def _script(replies: Iterable[Json], then: Answerer) -> Answerer:
    return Script(
        [reply if isinstance(reply, (str, Mapping, list)) else Reply(str(reply)) for reply in replies], then
    )
