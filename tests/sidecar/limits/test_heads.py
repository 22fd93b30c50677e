"""The head of a request is bounded before anybody is known, as the sidecar is really served."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI

from sidecar.__main__ import server_of


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    server = server_of(FastAPI(), "127.0.0.1", port)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    for _ in range(6_000):
        if server.started:
            break
        time.sleep(0.01)
    yield port
    server.should_exit = True
    thread.join(15)


def sent_until_closed(port: int, head: bytes, part: bytes, most: int) -> int:
    """How many bytes behind `head` are taken before the connection is closed; `most` when it is not."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(head)
        sent = 0
        while sent < most:
            try:
                connection.sendall(part)
            except OSError:
                return sent
            sent += len(part)
    return sent


@pytest.mark.parametrize(
    ("head", "part"),
    [
        (b"GET / HTTP/1.1\r\nHost: here\r\nX-Long: ", b"a" * 65536),
        (b"GET / HTTP/1.1\r\nHost: here\r\n", b"X-Many: value\r\n" * 4096),
        (b"GET /", b"a" * 65536),
        (b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Behind: ", b"a" * 65536),
    ],
    ids=["one header", "many headers", "address", "trailer"],
)
def test_a_head_without_end_is_not_kept(port, head, part):
    assert (
        sent_until_closed(port, head, part, 64 * 2**20) < 32 * 2**20
    )  # what the sockets themselves hold comes on top


def test_a_head_as_long_as_tokens_make_it_is_read(port):
    answer = httpx.get(f"http://127.0.0.1:{port}/nowhere", headers={"Authorization": "Bearer " + "a" * 16_000})
    assert answer.status_code == 404
