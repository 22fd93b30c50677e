"""A small HTTP server that reranks by shared words and fails on demand."""

import json
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass
class Answer:
    """What comes instead of scores."""

    status: int
    content: bytes = b'{"message": "as the test asked"}'
    headers: dict[str, str] = field(default_factory=dict)
    late: bool = False  # only after the test has ended


class RerankServer:
    """Answers `POST /v2/rerank`; `answers` come first, `requests` and `keys` keep what arrived."""

    def __init__(self) -> None:
        self.answers: deque[Answer] = deque()
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self._ended = threading.Event()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                owner.requests.append(body)
                owner.keys.append(self.headers["authorization"])
                answer = owner.answers.popleft() if owner.answers else owner.scores(self.path, body)
                if answer.late:
                    owner._ended.wait(30)
                    return
                self.send_response(answer.status)
                for name, value in {**answer.headers, "content-type": "application/json"}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v2/rerank"

    def scores(self, path: str, body: dict[str, Any]) -> Answer:
        """The share of the query's words that a document has, best first, as the makers' servers answer."""
        assert path == "/v2/rerank"
        asked = set(body["query"].split())
        results = [
            {"index": index, "relevance_score": len(asked & set(text.split())) / len(asked)}
            for index, text in enumerate(body["documents"])
        ]
        results.sort(key=lambda one: -one["relevance_score"])
        content = {"id": "1", "results": results[: body["top_n"]], "meta": {"api_version": {"version": "2"}}}
        return Answer(200, json.dumps(content).encode())

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
