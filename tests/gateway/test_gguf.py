"""Models of this process: loaded once for all who ask, asked one after the other, and only a few at a time."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from resources.models.errors import ModelMissingError, RetryableError
from resources.models.providers.gguf import GgufProvider
from resources.models.providers.gguf_models import Models, load
from resources.models.request import ModelRequest
from tests.gateway.asking import make_request


class Loaded:
    """A model that answers when it may, and knows what it was asked and how many asked it at a time."""

    def __init__(self, shelf: "Shelf", path: Path) -> None:
        self.shelf = shelf
        self.name = path.stem
        self.asked: list[str] = []
        self._at_work = threading.Lock()

    def handle_chat_completions(self, body: Mapping[str, Any], /) -> Any:
        assert self._at_work.acquire(blocking=False), "two ask at once"
        try:
            self.asked.append(body["messages"][-1]["content"])
            self.shelf.at_work.set()
            assert self.shelf.may.wait(30)
            if "broken" in self.asked[-1]:
                return {"error": {"code": 503, "message": "no slot"}}
            return {
                "choices": [{"message": {"content": f"{self.name}: {self.asked[-1]}"}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 7, "completion_tokens": 3},
            }
        finally:
            self._at_work.release()

    def __del__(self) -> None:
        self.shelf.freed.append(self.name)


class Shelf:
    """Files of models, and which of them were loaded and freed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loaded: list[str] = []
        self.freed: list[str] = []
        self.may = threading.Event()
        self.may.set()
        self.at_work = threading.Event()
        self.models = Models(self._load, most=2)

    def _load(self, path: Path) -> Loaded:
        self.loaded.append(path.stem)
        return Loaded(self, path)

    def provider(self, name: str = "one", content: bytes = b"x") -> GgufProvider:
        path = self.folder / f"{name}.gguf"
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)
        return GgufProvider(path, self.models)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(tmp_path)
    yield made
    made.may.set()
    made.models.close()


def request(text: str = "Who?") -> ModelRequest:
    return make_request(document="", question=text)


def ask(provider: GgufProvider, text: str = "Who?") -> str:
    return asyncio.run(provider.generate(request(text))).text


def test_who_asks_later_finds_the_model_loaded(shelf):
    for text in "abc":  # each with a gateway and an event loop of its own, as answers are given
        provider = shelf.provider()
        assert ask(provider, text).endswith(text)
        asyncio.run(provider.close())
    assert (shelf.loaded, shelf.freed) == (["one"], [])


def test_several_who_ask_at_once_wait_for_each_other(shelf):
    provider = shelf.provider()

    async def all_at_once() -> list[str]:
        return [reply.text for reply in await asyncio.gather(*(provider.generate(request(t)) for t in "abcd"))]

    answers = list[list[str]]()
    threads = [threading.Thread(target=lambda: answers.append(asyncio.run(all_at_once()))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(answers) == 3
    assert {text[-1] for one in answers for text in one} == set("abcd")
    assert shelf.loaded == ["one"]


def test_who_gives_up_while_others_are_answered_is_never_asked(shelf):
    shelf.may.clear()
    provider = shelf.provider()

    async def impatient() -> str:
        first = asyncio.create_task(provider.generate(request("first")))
        await asyncio.to_thread(shelf.at_work.wait, 30)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(provider.generate(request("given up")), 0.05)
        last = asyncio.create_task(provider.generate(request("last")))
        shelf.may.set()
        await first
        return (await last).text

    assert asyncio.run(impatient()).endswith("last")
    (model,) = shelf.models._models.values()
    assert model._server.asked == ["first", "last"]


def test_of_more_files_the_one_that_was_not_asked_for_longest_is_freed(shelf):
    for name in ("one", "two", "one", "three"):
        ask(
            shelf.provider(name)
            if name not in shelf.loaded
            else GgufProvider(shelf.folder / f"{name}.gguf", shelf.models)
        )
    assert (shelf.loaded, shelf.freed) == (["one", "two", "three"], ["two"])


def test_a_model_that_is_being_asked_is_not_freed(shelf):
    shelf.may.clear()

    async def three() -> None:
        tasks = [asyncio.create_task(shelf.provider(name).generate(request())) for name in ("one", "two", "three")]
        await asyncio.to_thread(shelf.at_work.wait, 30)
        await asyncio.sleep(0.05)
        assert shelf.freed == []
        shelf.may.set()
        await asyncio.gather(*tasks)

    asyncio.run(three())
    ask(shelf.provider("four"))
    assert sorted(shelf.freed) == ["one", "two"]


def test_another_file_in_its_place_is_another_model(shelf):
    ask(shelf.provider())
    ask(shelf.provider(content=b"longer"))
    assert shelf.loaded == ["one", "one"]


def test_closed_it_is_freed_and_loaded_again_when_it_is_asked(shelf):
    provider = shelf.provider()
    ask(provider)
    shelf.models.close()
    assert shelf.freed == ["one"]
    ask(provider)
    assert shelf.loaded == ["one", "one"]


def test_what_the_library_answers_in_place_of_an_answer_is_an_error(shelf):
    with pytest.raises(RetryableError):
        ask(shelf.provider(), "broken")


def test_a_file_that_is_gone_or_no_model_is_said(shelf):
    provider = shelf.provider()
    provider.path.unlink()
    with pytest.raises(ModelMissingError, match="There is no GGUF file"):
        asyncio.run(shelf.models.ask(provider.path, {}))
    with pytest.raises(ModelMissingError, match="There is no GGUF file"):
        GgufProvider(shelf.folder / "no.gguf")


def test_the_library_says_that_a_file_is_no_model(tmp_path):
    (tmp_path / "no.gguf").write_bytes(b"no model")
    with pytest.raises(ModelMissingError, match="could not be loaded"):
        load(tmp_path / "no.gguf")


_PROGRAM = """
import asyncio, sys
from pathlib import Path
from resources.models.providers import gguf_models

class Server:
    def handle_chat_completions(self, body): return {}
    def __del__(self): print("freed", flush=True)

gguf_models.MODELS._load = lambda path: Server()
asyncio.run(gguf_models.MODELS.ask(Path(sys.argv[1]), {}))
"""


def test_with_the_process_its_models_are_freed(shelf):
    path = shelf.provider().path
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(path)], capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == ("freed\n", "")
