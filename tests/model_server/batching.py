"""What the tests of provider batches share: the SDKs' clients, requests, and waiting for the end."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import anthropic
import openai

from tests.model_server import ModelServer, SubprocessModelServer
from tests.model_server.prompts import answer_schema, fenced, messages

SCHEMA = answer_schema({"amount": "number"})
FORMAT = {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": SCHEMA}}


def openai_client(server: ModelServer | SubprocessModelServer) -> openai.OpenAI:
    return openai.OpenAI(base_url=server.openai_url, api_key="key", max_retries=0, timeout=60)


def anthropic_client(server: ModelServer | SubprocessModelServer) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=server.anthropic_url, api_key="key", max_retries=0, timeout=60)


def chat_body(number: int, **changes: Any) -> dict[str, Any]:
    return {"model": "m", "messages": messages(f"Amount: {number}"), "response_format": FORMAT} | changes


def line(number: int, **changes: Any) -> dict[str, Any]:
    url = "/v1/chat/completions"
    return {"custom_id": f"item-{number}", "method": "POST", "url": url, "body": chat_body(number)} | changes


def upload(client: openai.OpenAI, lines: Iterable[Mapping[str, Any] | str]) -> Any:
    text = "\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines)
    return client.files.create(file=("requests.jsonl", text.encode()), purpose="batch")


def submit(client: openai.OpenAI, lines: Iterable[Mapping[str, Any] | str], **changes: Any) -> Any:
    arguments: dict[str, Any] = {"endpoint": "/v1/chat/completions", "completion_window": "24h"} | changes
    return client.batches.create(input_file_id=upload(client, lines).id, **arguments)


def until(look: Callable[[], Any], done: Callable[[Any], bool]) -> Any:
    deadline = time.monotonic() + 60
    while not done(found := look()):
        assert time.monotonic() < deadline, found
        time.sleep(0.005)
    return found


def ended(client: openai.OpenAI, batch: Any) -> Any:
    ends = ("completed", "failed", "expired", "cancelled")
    return until(lambda: client.batches.retrieve(batch.id), lambda found: found.status in ends)


def output(client: openai.OpenAI, name: str | None) -> dict[str, Any]:
    if name is None:
        return {}
    lines = [json.loads(text) for text in client.files.content(name).text.splitlines()]
    return {found["custom_id"]: found for found in lines}


def params(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "model": "claude-haiku-5-5",
        "max_tokens": 500,
        "messages": [{"role": "user", "content": fenced(f"Amount: {number}") + "\n\nWhich amount?"}],
        "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
    } | changes


def message_batch(client: anthropic.Anthropic, count: int) -> Any:
    requests: Any = [{"custom_id": f"item-{number}", "params": params(number)} for number in range(count)]
    return client.messages.batches.create(requests=requests)


def message_results(client: anthropic.Anthropic, batch: Any) -> dict[str, Any]:
    until(lambda: client.messages.batches.retrieve(batch.id), lambda found: found.processing_status == "ended")
    return {found.custom_id: found.result for found in client.messages.batches.results(batch.id)}
