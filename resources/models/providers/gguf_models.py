"""GGUF models that are loaded in this process: one of each file, for all who ask it, one question at a time.

Loading takes seconds and a gigabyte, so a model outlives the answer for which it was loaded. Each has a thread of its
own, in which it is loaded and asked: questions wait in its queue, from whatever event loop they come, and one that is
given up while it waits is never asked.

`OMP_WAIT_POLICY=PASSIVE` must be set before the library is loaded: with busy-waiting threads, another process on the
same cores slows generation twenty-fold.
"""

import asyncio
import atexit
import os
import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from resources.models.errors import ModelMissingError

CONTEXT_TOKENS = 12_288
"""A document of 5,000 words, the rules, the question and the answer."""
_CACHE_MIB = 1_024
_MOST = 2
"""Models that are loaded at a time: that of a project and the one that stands in for it."""


class Server(Protocol):
    """What `xllamacpp.Server` is used for."""

    def handle_chat_completions(self, body: Mapping[str, Any], /) -> Any:
        """One completion, in OpenAI's form."""
        ...


def load(path: Path) -> Server:
    """Load a model. Raises ModelMissingError."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.offline = True
    params.n_parallel = 1  # more slots give no throughput, and answers would depend on what runs beside them
    params.n_ctx = CONTEXT_TOKENS
    params.cache_ram_mib = _CACHE_MIB
    threads = max(1, os.cpu_count() or 1)
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.hostnames = ["127.0.0.1"]
    # The library also listens on a port: a free one, and a key that nobody knows keeps others out.
    params.port = 0
    params.api_keys = [secrets.token_urlsafe(32)]
    params.verbosity = 1  # errors only
    try:
        server: Server = xllamacpp.Server(params)
    except RuntimeError as error:
        raise ModelMissingError(f"{path} could not be loaded: {error}") from error
    return server


class _Model:
    """One file. `_server` is touched in the model's own thread, and when that has ended."""

    def __init__(self, path: Path, load: Callable[[Path], Server]) -> None:
        self._path = path
        self._load = load
        self._server: Server | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"gguf {path.stem}")
        self._lock = threading.Lock()
        self._waiting = 0

    def put(self, body: Mapping[str, Any]) -> Future[Any]:
        """Have a question answered after those that wait already."""
        with self._lock:
            self._waiting += 1
        future = self._thread.submit(self._answer, body)
        future.add_done_callback(self._over)
        return future

    def _over(self, _: Future[Any]) -> None:
        with self._lock:
            self._waiting -= 1

    @property
    def busy(self) -> bool:
        """Whether somebody waits for it."""
        with self._lock:
            return self._waiting > 0

    def _answer(self, body: Mapping[str, Any]) -> Any:
        if self._server is None:
            self._server = self._load(self._path)
        return self._server.handle_chat_completions(body)

    def close(self) -> None:
        """Free the model; blocks until what is being answered has ended. Who waits is told that it is given up."""
        self._thread.shutdown(cancel_futures=True)
        self._server = None


class Models:
    """The models of a process: of more than `most` files, those that were not asked for longest are freed."""

    def __init__(self, load: Callable[[Path], Server] = load, most: int = _MOST) -> None:
        self._load = load
        self._most = most
        self._lock = threading.Lock()
        self._models: dict[tuple[str, int, int], _Model] = {}  # in the order in which they were last asked

    async def ask(self, path: Path, body: Mapping[str, Any]) -> Any:
        """The library's answer to one chat completion. Raises ModelMissingError.

        Cancelled while the question waits, it is never asked; while it is being answered, that goes on to its end.
        """
        with self._lock:
            future = self._model(path).put(body)
        return await asyncio.wrap_future(future)

    def _model(self, path: Path) -> _Model:
        try:
            known = path.resolve().stat()
        except OSError as error:
            raise ModelMissingError(f"There is no GGUF file at {path}. Give gguf:/path/to/model.gguf.") from error
        key = (str(path.resolve()), known.st_mtime_ns, known.st_size)  # another file in its place is another model
        model = self._models.pop(key, None) or _Model(path, self._load)
        self._models[key] = model
        spare = [one for one in self._models if not self._models[one].busy and one != key]
        for one in spare[: max(0, len(self._models) - self._most)]:
            self._models.pop(one).close()  # idle: at once
        return model

    def close(self) -> None:
        """Free all models; blocks until what is being answered has ended. Asked again, they are loaded again."""
        with self._lock:
            models, self._models = list(self._models.values()), {}
        for model in models:
            model.close()


MODELS = Models()
"""Those of this process."""
atexit.register(MODELS.close)
