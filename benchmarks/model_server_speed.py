"""How many requests the local model server answers in a second: `python benchmarks/model_server_speed.py`.

The server runs as a process of its own, on core 0 where the system allows it. The client is minimal, so that the
server and not the client is measured: raw sockets in processes of their own, prepared requests, answers recognised
by their length. Printed: requests per second by the wall clock, the server's CPU time per request, and the requests
per second that one core could serve, which is its inverse.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import re
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.model_server import SubprocessModelServer

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_SENTENCE = "The parties agree that nothing in this clause shall limit what was promised before the date above. "


def request_bytes(number: int, words: int, api: str) -> bytes:
    """One request for one variable of a document of about `words` words."""
    text = f"Agreement {number}\nAmount: {number},500 EUR\n" + _SENTENCE * (words // 17)
    document = f"<document-f{number}>\n{text}\n</document-f{number}>"
    cell = {
        "type": "object",
        "properties": {
            "found": {"type": "boolean"},
            "value": {"type": ["string", "null"]},
            "source_text": {"type": ["string", "null"]},
            "confidence": {"type": "number"},
        },
        "required": ["found", "value", "source_text", "confidence"],
        "additionalProperties": False,
    }
    schema = {"type": "object", "properties": {"amount": cell}, "required": ["amount"], "additionalProperties": False}
    question = "What is the amount?"
    if api == "openai":
        path, extra = "/v1/chat/completions", ""
        body: dict[str, object] = {
            "model": "test-model",
            "messages": [
                {"role": "system", "content": "You extract values."},
                {"role": "user", "content": f"{document}\n\n{question}"},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "a", "strict": True, "schema": schema},
            },
        }
    else:
        path, extra = "/v1/messages", "anthropic-version: 2023-06-01\r\n"
        blocks = [
            {"type": "text", "text": document, "cache_control": {"type": "ephemeral"}},
            {"type": "text", "text": question},
        ]
        body = {
            "model": "test-model",
            "max_tokens": 500,
            "messages": [{"role": "user", "content": blocks}],
            "output_config": {"format": {"type": "json_schema", "schema": schema}},
        }
    data = json.dumps(body).encode()
    opening = f"POST {path} HTTP/1.1\r\nhost: x\r\nx-api-key: k\r\n{extra}content-type: application/json\r\n"
    return f"{opening}content-length: {len(data)}\r\n\r\n".encode() + data


async def _connection(host: str, port: int, requests: list[bytes], counts: list[int], stop_at: float) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    position = 0
    try:
        while time.monotonic() < stop_at:
            writer.write(requests[position % len(requests)])
            position += 1
            opening = await reader.readuntil(b"\r\n\r\n")
            found = _LENGTH.search(opening)
            body = await reader.readexactly(int(found.group(1)) if found else 0)
            counts[0 if opening.startswith(b"HTTP/1.1 200") and b'"usage"' in body else 1] += 1
    finally:
        writer.close()


def _client(url: str, connections: int, seconds: float, words: int, api: str, first: int) -> tuple[int, int]:
    """Good and bad answers that one client process got."""
    address = urlsplit(url)
    counts = [0, 0]

    async def run() -> None:
        stop_at = time.monotonic() + seconds
        await asyncio.gather(
            *(
                _connection(
                    address.hostname or "127.0.0.1",
                    address.port or 80,
                    [request_bytes(first + 1000 * index + turn, words, api) for turn in range(8)],
                    counts,
                    stop_at,
                )
                for index in range(connections)
            )
        )

    uvloop.run(run())
    return counts[0], counts[1]


def measure(connections: int, latency_ms: float, seconds: float, words: int, api: str) -> None:
    """Measure one setting and print a line."""
    with SubprocessModelServer(["--latency-ms", str(latency_ms)]) as server:
        process = psutil.Process(server.pid)
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(server.pid, {0})
        _client(server.url, connections, 0.5, words, api, 10**6)  # warm-up
        server.reset()
        before, started = process.cpu_times(), time.monotonic()
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            good, bad = pool.apply(_client, (server.url, connections, seconds, words, api, 0))
        after, wall = process.cpu_times(), time.monotonic() - started
        used = after.user + after.system - before.user - before.system
        rate = good / seconds
        print(
            f"{api:9} {connections:4} connections, {latency_ms:3.0f} ms, {words:5} words: {rate:6.0f} requests/s"
            f" ({bad} bad), {1e6 * used / max(good, 1):4.0f} us CPU each, {good / used:6.0f} requests per CPU second,"
            f" {100 * used / wall:3.0f} % of a core, {process.memory_info().rss >> 20} MiB"
        )


def main() -> None:
    """The settings of the extraction benchmark, then one that saturates."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=5.0)
    seconds = options.parse_args().seconds
    measure(64, 50, seconds, 300, "openai")
    measure(256, 50, seconds, 300, "openai")
    measure(256, 50, seconds, 3000, "openai")
    measure(256, 50, seconds, 300, "anthropic")
    measure(64, 0, seconds, 300, "openai")


if __name__ == "__main__":
    main()
