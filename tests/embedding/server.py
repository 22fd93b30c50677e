"""A small HTTP server that speaks the wire format of embeddings and fails on demand."""

import json
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import numpy as np


def vector_of(text: str, dimension: int) -> list[float]:
    """A vector that depends on the text only; its length is not 1."""
    seed = int.from_bytes(text.encode()[:64], "big")
    return [float(number) for number in 3 * np.random.default_rng(seed).normal(size=dimension)]


@dataclass
class Failure:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    code: str | None = None


class EmbeddingServer:
    """Answers `POST /v1/embeddings`; `failures` come first, `requests` keeps the bodies that arrived."""

    def __init__(self) -> None:
        self.dimension = 8
        self.failures: deque[Failure] = deque()
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.reversed = False
        self.drop_last = False
        self.zeros = False
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                owner.requests.append(body)
                owner.keys.append(self.headers["authorization"])
                status, headers, answer = owner.answer(self.path, body)
                content = json.dumps(answer).encode()
                self.send_response(status)
                for name, value in {**headers, "content-type": "application/json"}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, str], dict[str, Any]]:
        if self.failures:
            failure = self.failures.popleft()
            error = {"message": "as the test asked", "type": "test", "code": failure.code, "param": None}
            return failure.status, failure.headers, {"error": error}
        assert path == "/v1/embeddings"
        dimension = body.get("dimensions") or self.dimension
        data = [
            {
                "object": "embedding",
                "index": index,
                "embedding": [0.0] * dimension if self.zeros else vector_of(text, dimension),
            }
            for index, text in enumerate(body["input"])
        ]
        data = data[::-1] if self.reversed else data
        data = data[:-1] if self.drop_last else data
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return 200, {}, {"object": "list", "data": data, "model": body["model"], "usage": usage}

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
