"""Documents are read in processes of their own: one that hangs, grows or crashes fails alone."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crucible_assets.documents.errors import (
    DamagedDocument,
    DocumentError,
    EncryptedDocument,
    ParseMemoryExceeded,
    ParserPoolError,
    ParseTimeout,
    UnreadableFile,
)
from crucible_assets.documents.parsed import ParsedDocument
from crucible_assets.documents.wire import Result, decode_result, encode_result
from crucible_assets.documents.worker import ParserPool, _Worker
from resources.vocabulary import Segment, SegmentKind
from tests.documents import make

SLOW = b"<a>text</a>\n" * 1_500_000  # seconds of work in any parser
HOG = b"[" + b"12345," * 4_000_000 + b"1]"  # a quarter of a gigabyte once it is parsed
GOOD = make.LOREM.encode()


@pytest.fixture(scope="module")
def pool() -> Iterator[ParserPool]:
    with ParserPool(workers=2, timeout_seconds=30, memory_mib=900) as opened:
        yield opened


def words(result: Result) -> int:
    assert isinstance(result, ParsedDocument), result
    return result.word_count


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children() if "worker_main" in " ".join(child.cmdline())}


def test_every_item_comes_back_under_its_key(pool: ParserPool, tmp_path: Path) -> None:
    file = tmp_path / "on disk.txt"
    file.write_bytes(GOOD)
    items = [
        (1, GOOD, "a.txt"),
        (2, file, "on disk.txt"),
        (3, make.locked_pdf(), "a.pdf"),
        (4, tmp_path / "gone.txt", "gone.txt"),
        (5, make.pdf([(72, 72, "Some words.", 10)]), "b.pdf"),
    ]
    results = dict(pool.parse(items))
    assert sorted(results) == [1, 2, 3, 4, 5]
    assert words(results[1]) == words(results[2]) > 20
    assert isinstance(results[3], EncryptedDocument)
    assert isinstance(results[4], UnreadableFile)
    assert words(results[5]) == 2


def test_no_more_is_taken_than_there_are_workers(pool: ParserPool) -> None:
    taken = 0

    def items() -> Iterator[tuple[int, bytes, str]]:
        nonlocal taken
        for number in range(20):
            taken += 1
            yield number, GOOD, "a.txt"

    results = pool.parse(items())
    next(results)
    assert taken == 2
    assert len(list(results)) == 19


def test_a_worker_serves_many_documents(pool: ParserPool) -> None:
    list(pool.parse((n, GOOD, "a.txt") for n in range(4)))
    before = children()
    list(pool.parse((n, GOOD, "a.txt") for n in range(10)))
    assert children() == before


def signal_to_a_reader(monkeypatch: pytest.MonkeyPatch, number: signal.Signals) -> None:
    """The first worker that has taken a document gets this signal, however fast or slow this machine is."""
    kept, sent = _Worker._memory_kept, []

    def interrupted(self: _Worker, deadline: float) -> bool:
        if not sent:
            sent.append(self._process.pid)
            os.kill(self._process.pid, number)
        return kept(self, deadline)

    monkeypatch.setattr(_Worker, "_memory_kept", interrupted)


def test_a_document_that_takes_too_long_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    signal_to_a_reader(monkeypatch, signal.SIGSTOP)
    with ParserPool(workers=1, timeout_seconds=3, memory_mib=2000) as pool:
        results = dict(pool.parse([("slow", SLOW, "a.txt"), ("good", GOOD, "b.txt")]))
    assert isinstance(results["slow"], ParseTimeout)
    assert "3 seconds" in str(results["slow"])
    assert words(results["good"]) > 20


def test_a_document_that_takes_too_much_memory_fails_alone() -> None:
    with ParserPool(workers=1, timeout_seconds=60, memory_mib=350) as pool:
        results = dict(pool.parse([("hog", HOG, "a.json"), ("good", GOOD, "b.txt")]))
    assert isinstance(results["hog"], ParseMemoryExceeded)
    assert words(results["good"]) > 20


def test_a_parser_that_crashes_makes_a_damaged_document(monkeypatch: pytest.MonkeyPatch) -> None:
    signal_to_a_reader(monkeypatch, signal.SIGSEGV)
    with ParserPool(workers=1, timeout_seconds=30, memory_mib=900) as pool:
        victim = dict(pool.parse([("victim", SLOW, "a.txt")]))["victim"]
        assert isinstance(victim, DamagedDocument)
        assert "crashed" in victim.what
        assert "SIGSEGV" in victim.what
        assert words(dict(pool.parse([("next", GOOD, "a.txt")]))["next"]) > 20


def test_a_worker_that_died_idle_costs_no_document(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel ends idle workers too, and it takes a while until one looks dead."""
    monkeypatch.setattr(_Worker, "alive", True)  # as it looks until then
    with ParserPool(workers=1, timeout_seconds=30, memory_mib=900) as pool:
        before = children()
        list(pool.parse([(0, GOOD, "a.txt")]))
        for end in (signal.SIGKILL, signal.SIGSEGV):
            (worker,) = children() - before
            os.kill(worker, end)
            assert words(dict(pool.parse([("next", GOOD, "a.txt")]))["next"]) > 20
            assert children() - before != {worker}


def test_closing_leaves_no_process_behind() -> None:
    before = children()
    with ParserPool(workers=1) as pool:
        list(pool.parse([(0, GOOD, "a.txt")]))
        pids = children() - before
    assert pids
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_workers_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import sys, time
        from crucible_assets.documents.worker import ParserPool
        pool = ParserPool(workers=1, timeout_seconds=60)
        list(pool.parse([(0, b"some words of text", "a.txt")]))
        print("ready", flush=True)
        list(pool.parse([(1, b"<a>text</a>" * 1_700_000, "a.txt")]))
        """
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"ready\n"
    orphans = psutil.Process(parent.pid).children()
    assert orphans
    parent.kill()
    parent.wait()
    parent.stdout.close()
    _, alive = psutil.wait_procs(orphans, timeout=30)
    assert alive == []


def test_secrets_of_the_environment_stay_with_the_parent(pool: ParserPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "very secret")
    with ParserPool(workers=1) as fresh:
        list(fresh.parse([(0, GOOD, "a.txt")]))
        newest = max(psutil.Process().children(), key=lambda child: child.create_time())
        assert "very secret" not in newest.environ().values()


def test_a_pool_that_cannot_start_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with ParserPool(workers=1) as pool, pytest.raises(ParserPoolError, match="did not start"):
        list(pool.parse([(0, GOOD, "a.txt")]))


def test_impossible_limits_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one worker"):
        ParserPool(workers=0)


@given(st.text(), st.text(), st.none() | st.text(), st.none() | st.integers(1, 9))
def test_results_survive_the_wire(text: str, label: str, title: str | None, page: int | None) -> None:
    text = text.encode("utf-8", "replace").decode()
    segment = Segment(0, 1, SegmentKind.TABLE_ROW, page, (0.5, 1.0, 2.0, 3.25) if page else None, label, None)
    document = ParsedDocument(text, (segment,), title, None, None, "en", page, 3, {"a": "b"}, ("w",), "pdf")
    assert decode_result(encode_result(document)) == document


def test_errors_survive_the_wire() -> None:
    result = decode_result(encode_result(DamagedDocument("It is torn.", "Mend it.")))
    assert isinstance(result, DocumentError)
    assert (type(result), result.what, result.remedy) == (DamagedDocument, "It is torn.", "Mend it.")
