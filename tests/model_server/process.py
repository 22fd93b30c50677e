"""The server in a process of its own, with the same handles as the one in a thread."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.model_server.config import ConfigError
from tests.model_server.noise import NoiseRecord
from tests.model_server.record import Call, Stats, call_from_json
from tests.model_server.server import wait_for_calls
from tests.model_server.spoiling import Noise

_ROOT = Path(__file__).resolve().parents[2]


class ServerStartError(RuntimeError):
    """The process ended before it printed its address; the message holds what it said."""


class SubprocessModelServer:
    """`python -m tests.model_server` with `arguments`, for the time of a `with` block.

    It uses another core than the client and survives the client's death only for as long as its standard input
    stays open. Bodies are not kept.
    """

    def __init__(self, arguments: Sequence[str] = (), **settings: Any) -> None:
        self._arguments = [*arguments, "--with-stdin", "--config", json.dumps(settings)]
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    @property
    def openai_url(self) -> str:
        """Base URL for OpenAI clients."""
        return f"{self.url}/v1"

    @property
    def anthropic_url(self) -> str:
        """Base URL for Anthropic clients."""
        return self.url

    @property
    def pid(self) -> int:
        """The process's number."""
        if self._process is None:
            raise ServerStartError("the server is not running; use it in a with block")
        return self._process.pid

    def __enter__(self) -> Self:
        process = self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.model_server", *self._arguments],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        self.url = process.stdout.readline().strip()
        if not self.url:
            _, said = process.communicate()
            raise ServerStartError(f"exit code {process.returncode}: {said.strip()}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.communicate(timeout=30)
            self._process = None

    def _ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                result: dict[str, Any] = json.load(response)
                return result
        except urllib.error.HTTPError as error:
            with error:
                raise ConfigError(json.load(error)["error"]) from error

    @property
    def calls(self) -> tuple[Call, ...]:
        """All requests to model endpoints since the start or the last reset, in order of arrival."""
        return tuple(map(call_from_json, self._ask("GET", "/_stats?calls=1")["call_list"]))

    def stats(self) -> Stats:
        """Totals over the calls."""
        totals = self._ask("GET", "/_stats")
        del totals["failures"]
        return Stats(**totals)

    def failures(self) -> tuple[str, ...]:
        """What the answerer raised."""
        return tuple(self._ask("GET", "/_stats")["failures"])

    def noise(self) -> tuple[NoiseRecord, ...]:
        """What a noisy answerer did since the start or the last reset."""
        return tuple(
            NoiseRecord(**record | {"kind": Noise(record["kind"])})
            for record in self._ask("GET", "/_stats?noise=1")["noise"]
        )

    def reset(self) -> None:
        """Forget all calls, caches and limits."""
        self._ask("POST", "/_reset", {})

    def configure(self, **settings: Any) -> None:
        """Change settings by name, from the next request on; raises ConfigError. See `control.configure`."""
        self._ask("POST", "/_config", settings)

    def hold(self) -> None:
        """Hold all answers back, so that requests stay in flight until `release`."""
        self.configure(hold=True)

    def release(self) -> None:
        """Let held answers go."""
        self.configure(hold=False)

    def wait_for_calls(self, count: int, timeout_s: float = 10.0) -> tuple[Call, ...]:
        """The calls, once there are `count` of them; raises CallsMissingError."""
        return wait_for_calls(lambda: self.calls, count, timeout_s)
