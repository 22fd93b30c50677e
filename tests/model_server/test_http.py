"""The framing: what a client may do with bytes on a connection."""

import json
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

import pytest

from tests.model_server import ModelServer, ServerConfig
from tests.model_server.http import MAX_BODY_BYTES


def connect(server: ModelServer) -> socket.socket:
    address = urlsplit(server.url)
    return socket.create_connection((address.hostname or "", address.port or 0), timeout=60)


def body(text: str) -> bytes:
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": text}]}).encode()


def post(text: str, *headers: str) -> bytes:
    data = body(text)
    lines = ["POST /v1/chat/completions HTTP/1.1", "Host: x", f"Content-Length: {len(data)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def responses(connection: socket.socket, count: int) -> list[tuple[int, dict[str, str], bytes]]:
    found: list[tuple[int, dict[str, str], bytes]] = []
    with connection.makefile("rb") as stream:
        while len(found) < count:
            status = int(stream.readline().split()[1])
            headers = {}
            while (line := stream.readline().strip()) != b"":
                name, _, value = line.decode().partition(":")
                headers[name.lower()] = value.strip()
            data = stream.read(int(headers.get("content-length", 0)))
            found.append((status, headers, data))
    return found


def echo(server: ModelServer) -> None:
    server.answer_with(lambda view: view.question)


def texts(found: Sequence[tuple[int, dict[str, str], bytes]]) -> list[str]:
    return [json.loads(data)["choices"][0]["message"]["content"] for _, _, data in found]


def test_pipelined_requests_are_answered_in_order(model_server: ModelServer) -> None:
    echo(model_server)
    model_server.configure(latency_s=0.005)
    names = [f"question {n}" for n in range(80)]  # more than are read ahead
    with connect(model_server) as connection:
        connection.sendall(b"".join(map(post, names)))
        assert texts(responses(connection, len(names))) == names


def test_a_request_may_come_byte_by_byte(model_server: ModelServer) -> None:
    echo(model_server)
    with connect(model_server) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in post("slow"):
            connection.sendall(bytes([byte]))
        assert texts(responses(connection, 1)) == ["slow"]


def test_a_chunked_body_is_read(model_server: ModelServer) -> None:
    echo(model_server)
    data = body("in pieces")
    pieces = [data[start : start + 7] for start in range(0, len(data), 7)] + [b""]
    opening = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with connect(model_server) as connection:
        connection.sendall(opening + b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces))
        assert texts(responses(connection, 1)) == ["in pieces"]


def test_a_client_may_ask_before_it_sends_the_body(model_server: ModelServer) -> None:
    echo(model_server)
    opening, data = post("later", "Expect: 100-continue").split(b"\r\n\r\n")
    with connect(model_server) as connection:
        connection.sendall(opening + b"\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(data)
        assert texts(responses(connection, 1)) == ["later"]


def test_connections_are_kept_and_closed_as_asked(model_server: ModelServer) -> None:
    with connect(model_server) as connection:
        connection.sendall(post("one"))
        responses(connection, 1)
        connection.sendall(post("two", "Connection: close"))
        responses(connection, 1)
        assert connection.recv(10) == b""


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"this is no request\r\n\r\n", 400),
        (b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"GET /v1/chat/completions HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n{oops", 400),
        (b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n[]", 400),
    ],
)
def test_nonsense_is_refused(model_server: ModelServer, sent: bytes, status: int) -> None:
    with connect(model_server) as connection:
        connection.sendall(sent)
        assert responses(connection, 1)[0][0] == status


def test_a_body_beyond_the_limit_is_refused(model_server: ModelServer) -> None:
    with connect(model_server) as connection:
        connection.sendall(
            b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1)
        )
        try:
            for _ in range(MAX_BODY_BYTES // (1 << 20) + 1):
                connection.sendall(b"x" * (1 << 20))
        except (BrokenPipeError, ConnectionResetError):
            pass  # the server has closed already
        assert model_server.calls == ()


def test_a_client_that_leaves_is_recorded_as_not_served() -> None:
    with ModelServer(config=ServerConfig(latency_s=0.2)) as server:
        with connect(server) as connection:
            connection.sendall(post("bye"))
            server.wait_for_calls(1)
        (call,) = server.wait_for_calls(1)
        for _ in range(200):
            if call.ended_s is not None:
                break
            server.stats()  # a turn of the server's loop
        assert not call.delivered
