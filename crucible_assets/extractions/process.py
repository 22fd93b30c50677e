"""What a run changes in its process while it works: garbage collection, and what Ctrl-C means."""

import asyncio
import gc
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

INTERRUPTED = "interrupted"


@contextmanager
def fewer_collections() -> Iterator[None]:
    """Collect garbage less often while inside: what is loaded stays, and calls make few cycles."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@contextmanager
def interrupts(stop: Callable[[str], None]) -> Iterator[None]:
    """While inside, Ctrl-C and SIGTERM ask the schedule to stop, which finishes calls in flight into the ledger."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        loop.add_signal_handler(number, stop, INTERRUPTED)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
