"""When something that dies is started again, and what is left of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from cli.supervision import Command, GaveUpError, Kept, Restarts, Roll, known
from tests.pipeline.study import wait_until

SLEEPS = "import time; time.sleep(60)"


def waits(lives: list[float]) -> list[float | None]:
    """What is waited for after lives of these lengths."""
    restarts, now, found = Restarts(), 0.0, []
    for lived in lives:
        now += lived
        found.append(restarts.wait(now, lived))
        now += found[-1] or 0.0
    return found


def test_waits_double_up_to_half_a_minute():
    assert waits([20.0] * 7) == [1, 2, 4, 8, 16, 30, 30]


def test_five_deaths_in_a_minute_are_the_end():
    assert waits([0.1] * 5) == [1, 2, 4, 8, None]


def test_who_ran_for_a_minute_is_well_again():
    assert waits([5.0, 5.0, 61.0, 5.0]) == [1, 2, 1, 2]


def keep(folder: Path, program: str) -> Kept:
    command = Command("sleeper", [sys.executable, "-c", program], signal.SIGTERM)
    root = Path(__file__).resolve().parents[2]
    return Kept(command, folder / "sleeper.log", dict(os.environ), root)


def test_who_is_killed_is_started_again_and_said(tmp_path):
    kept, said = keep(tmp_path, SLEEPS), []
    kept.start()
    first = kept.process
    assert first is not None
    os.kill(first.pid, signal.SIGKILL)
    wait_until(lambda: kept.tend(said.append), 60)
    second = kept.process
    try:
        assert second is not None
        assert second != first
        assert "signal 9" in said[0]
    finally:
        kept.ask_to_stop()
        kept.wait()
    assert kept.process is None


def test_who_dies_at_once_is_given_up_with_the_end_of_its_log(tmp_path):
    kept = keep(tmp_path, "raise SystemExit('the port is on fire')")
    kept._restarts = Restarts([time.monotonic()] * 4)
    kept.start()

    def dies() -> bool:
        kept.tend(lambda _: None)
        return False

    with pytest.raises(GaveUpError, match=r"5 times within a minute(.|\n)*the port is on fire"):
        wait_until(dies, 60)


def test_a_child_ends_when_its_parent_is_killed(tmp_path):
    program = (
        "import os, sys, subprocess, time\n"
        "child = subprocess.Popen([sys.executable, '-m', 'cli.child', str(os.getpid()), sys.executable, '-c', "
        f"{SLEEPS!r}], start_new_session=True)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    wait_until(lambda: SLEEPS in child.cmdline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, 60)


def test_what_an_earlier_start_left_over_is_ended_and_nothing_else(tmp_path):
    mine = subprocess.Popen([sys.executable, "-c", SLEEPS], start_new_session=True)
    other = subprocess.Popen([sys.executable, "-c", SLEEPS], start_new_session=True)
    try:
        process = known(mine.pid)
        assert process is not None
        reused = known(other.pid)
        assert reused is not None
        roll = Roll(tmp_path)
        roll.write([process, type(reused)(reused.host, reused.pid, reused.started - 5)])
        reaper = psutil.Process(mine.pid)
        assert roll.end_left_over() == 1
        assert not reaper.is_running()
        assert other.poll() is None
    finally:
        for started in (mine, other):
            started.kill()
            started.wait()


def test_a_roll_that_cannot_be_read_names_nobody(tmp_path):
    (tmp_path / "up.json").write_text("{not json", encoding="utf-8")
    assert Roll(tmp_path).end_left_over() == 0
