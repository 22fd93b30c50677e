"""Logs: one JSON object a line, ours and other libraries', with the ids of their context."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import pytest
import structlog

from resources.observe.logs import configure_logs, get_logger, logs_wanted
from resources.observe.runs import observed, observed_step
from resources.settings import SettingsError


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    into, root = io.StringIO(), logging.getLogger()
    level = root.level
    yield into
    for logger in (root, logging.getLogger("crucible")):
        for handler in [h for h in logger.handlers if h.get_name() == "crucible"]:
            logger.removeHandler(handler)
    root.setLevel(level)
    logging.getLogger("crucible").propagate = True


def entries(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_entry_is_one_line_with_its_context_and_without_secrets(stream):
    configure_logs(everything=True, env={}, stream=stream)
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        get_logger("test").info("happened", count=3, password="hunter2hunter2", about="line\nbreak")
    logging.getLogger("somebody.else").warning("token=%s", "hunter2hunter2")
    ours, theirs = entries(stream)
    assert ours["event"] == "happened"
    assert (ours["request_id"], ours["count"], ours["logger"], ours["level"]) == ("r-1", 3, "crucible.test", "info")
    assert theirs["logger"] == "somebody.else"
    assert theirs["level"] == "warning"
    assert "hunter2" not in stream.getvalue()


@contextmanager
def uncaptured() -> Iterator[None]:
    """Pytest looks away: what it captures it could not report between processes when it holds lone surrogates."""
    root = logging.getLogger()
    kept, root.handlers = root.handlers, []
    try:
        yield
    finally:
        root.handlers = kept


HOSTILE = 'a\nb\r\x1b[2J\x9b31m\u2028\x85\u202e\ud800\x00 {"level": "error"}'


def test_no_text_makes_a_second_entry_or_is_an_order_to_the_terminal(stream):
    with uncaptured():
        configure_logs(everything=True, env={}, stream=stream)
        get_logger("test").info(HOSTILE, name=HOSTILE)
        logging.getLogger("somebody.else").warning("said %s", HOSTILE)
    ours, theirs = entries(stream)
    assert (ours["event"], ours["name"], theirs["event"]) == (HOSTILE, HOSTILE, f"said {HOSTILE}")
    assert not set(stream.getvalue()) & set("\r\x1b\x9b\u2028\x85\u202e\ud800\x00")


def test_the_same_in_the_format_text(stream):
    with uncaptured():
        configure_logs(everything=True, env={"CRUCIBLE_LOG": "text"}, stream=stream)
        try:
            raise ValueError(HOSTILE)
        except ValueError:
            get_logger("test").exception(HOSTILE, name=HOSTILE)
    first, *others = stream.getvalue().splitlines()
    assert r"a\nb" in first
    assert others
    assert all(line.startswith("    | ") for line in others)
    assert not set(stream.getvalue()) & set("\r\x1b\x9b\u2028\x85\u202e\ud800\x00")


def test_a_traceback_shows_no_values_of_statements(stream):
    configure_logs(everything=True, env={}, stream=stream)
    try:
        raise ValueError("[SQL: INSERT]\n[parameters: {'text': 'the secret words'}]")
    except ValueError as error:
        get_logger("test").error("failed", exc_info=error)
    (entry,) = entries(stream)
    assert "ValueError" in str(entry["exception"])
    assert "secret words" not in stream.getvalue()


def test_level_and_format_are_chosen_by_the_environment(stream):
    configure_logs(everything=True, env={"CRUCIBLE_LOG": "text", "CRUCIBLE_LOG_LEVEL": "warning"}, stream=stream)
    get_logger("test").info("quiet")
    get_logger("test").warning("loud", count=3)
    assert "quiet" not in stream.getvalue()
    assert "loud" in stream.getvalue()
    assert not stream.getvalue().startswith("{")
    with pytest.raises(SettingsError, match="CRUCIBLE_LOG_LEVEL='verbose'"):
        configure_logs(everything=True, env={"CRUCIBLE_LOG_LEVEL": "verbose"})


def test_only_ours_where_others_have_their_own_handlers(stream):
    configure_logs(everything=False, env={}, stream=stream)
    get_logger("test").info("ours")
    logging.getLogger("somebody.else").error("theirs")
    assert [entry["event"] for entry in entries(stream)] == ["ours"]


def test_nothing_is_said_where_nobody_asked_for_logs():
    program = (
        "from resources.observe.logs import get_logger\n"
        "get_logger('calls').info('x'); get_logger('calls').error('y')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
    assert not logs_wanted({})


def test_a_step_of_a_run_logs_with_the_ids_of_the_request_that_asked_for_it(stream):
    configure_logs(everything=False, env={}, stream=stream)
    tags = {"crucible/request": "r-9", "crucible/task": "t-9", "crucible/tenant": "acme", "crucible/project": "loans"}
    with observed_step(tags, "run-9", "extractions"):
        get_logger("calls").info("model_call")
    started, call, ended = entries(stream)
    for entry in (started, call, ended):
        assert entry | {
            "request_id": "r-9", "task_id": "t-9", "tenant": "acme", "run_id": "run-9", "step": "extractions"
        } == entry  # fmt: skip
    assert ended["outcome"] == "succeeded"
    get_logger("calls").info("later")
    assert "request_id" not in entries(stream)[-1]


def test_a_failed_step_says_so_and_the_error_goes_on(stream):
    configure_logs(everything=False, env={}, stream=stream)

    class Run:
        tags: ClassVar[dict[str, str]] = {}
        run_id = "run-1"

    class Context:
        run = Run()

    @observed
    def documents(context: Context, number: int) -> int:
        return 1 // number

    assert documents(Context(), number=1) == 1
    with pytest.raises(ZeroDivisionError):
        documents(Context(), number=0)
    assert [entry["outcome"] for entry in entries(stream) if "outcome" in entry] == ["succeeded", "failed"]
