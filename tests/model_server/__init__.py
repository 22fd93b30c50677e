"""A model provider on this machine: real HTTP in OpenAI's and Anthropic's wire formats, with scripted answers.

For tests (`ModelServer`, in a thread) and benchmarks (`SubprocessModelServer`, or `python -m tests.model_server`).
A request's bytes become a `RequestView`, an `Answerer` turns that into a `Reply`, faults and timing are applied, and
the wire format makes a plan of timed writes of it. Every request is recorded as a `Call`. Items of provider batches
go the same way, worked on in the background. `Noisy` makes an answerer err in known ways.
"""

from tests.model_server.answers import LabelledLines, Script, ScriptExhaustedError
from tests.model_server.config import BatchItemFault, ConfigError, Fault, FaultPlan, ServerConfig
from tests.model_server.gold import GoldAnswers, read_gold
from tests.model_server.noise import NoiseRecord, Noisy
from tests.model_server.process import ServerStartError, SubprocessModelServer
from tests.model_server.record import Call, Stats
from tests.model_server.server import AnswererError, CallsMissingError, ModelServer
from tests.model_server.spoiling import Noise
from tests.model_server.view import Answerer, Finish, Reply, RequestView

__all__ = [
    "Answerer",
    "AnswererError",
    "BatchItemFault",
    "Call",
    "CallsMissingError",
    "ConfigError",
    "Fault",
    "FaultPlan",
    "Finish",
    "GoldAnswers",
    "LabelledLines",
    "ModelServer",
    "Noise",
    "NoiseRecord",
    "Noisy",
    "Reply",
    "RequestView",
    "Script",
    "ScriptExhaustedError",
    "ServerConfig",
    "ServerStartError",
    "Stats",
    "SubprocessModelServer",
    "read_gold",
]
