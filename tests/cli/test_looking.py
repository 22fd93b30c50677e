"""`status`, `doctor`, `estimate` and `--help`: they look, say what is, and ask no model anything."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

from cli.main import cli
from tests.cli.homes import ROOT
from tests.model_server import SubprocessModelServer

_LINE = re.compile(r"^│ (.+?) +│ +([\d,]+) │ +([\d,]+) │ +([\d,]+) │ +([\d,]+) │ +(.+?) │$", re.MULTILINE)


def estimates(said: str) -> dict[str, dict[str, tuple[str, ...]]]:
    """The lines of `crucible estimate`'s tables, by the model in their title: calls, tokens, cost of each way."""
    _, *parts = re.split(r"Estimate for (\S+): ", said)
    tables = zip(parts[::2], parts[1::2], strict=True)
    return {model: {name: tuple(line) for name, *line in _LINE.findall(table)} for model, table in tables}


def test_status_counts_documents_cells_and_calls(extracted):
    code, said = extracted.run("status")
    assert code == 0, said
    assert "default/contracts  Contracts" in said
    assert "documents: 5  READY 5" in said
    assert "cells: 20 of 20  ABSENT 4  VALUE 16" in said
    assert "calls: 20 finished, 0 failed tries" in said
    assert re.search(r"task [0-9a-f-]{36} FULL COMPLETED", said)


def test_status_of_an_unknown_project_names_those_that_exist(extracted):
    code, said = extracted.run("status", "nothing")
    assert code == 2, said
    assert "nothing" in said
    assert "contracts" in said


def test_the_doctor_finds_nothing_to_mend(extracted):
    code, said = extracted.run_cold("doctor")
    assert code == 0, said
    assert "MEND" not in said
    for what in ("PostgreSQL", "pgvector", "tables", "row-level security", "model", "embedding model", "Dagster"):
        assert re.search(rf"│ ok │ {what} +│", said), what


def test_an_estimate_asks_no_model_and_tells_known_from_unknown_prices(extracted):
    with SubprocessModelServer([]) as server:
        study = replace(extracted, env=extracted.env | {"OPENAI_BASE_URL": server.openai_url})
        code, said = study.run("estimate", str(study.project), "--model", "openai:gpt-4.1-mini,openai:nobody-knows")
        assert server.stats().calls == 0
    assert code == 0, said
    found = estimates(said)
    priced, unpriced = found["openai:gpt-4.1-mini"], found["openai:nobody-knows"]
    for ways in (priced, unpriced):
        calls, into, cached, out, _ = ways["as configured"]
        assert (calls, cached, out) == ("20", "0", "1,200")  # too short for the provider's cache; 60 tokens an answer
        assert int(into.replace(",", "")) > 0
        assert ways["4 variables in a call"][0] == "5"
    assert "60 output tokens per variable are assumed" in said
    assert float(priced["as configured"][-1].removesuffix(" USD")) > 0
    assert unpriced["as configured"][-1] == "not known"


def test_every_command_has_help_with_its_options():
    program = [sys.executable, "-m", "cli.main"]
    running = {
        name: subprocess.Popen(
            [*program, *([name] if name else []), "--help"], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        for name in ("", *cli.commands)
    }
    said = {name: (process.communicate(timeout=60)[0], process.returncode) for name, process in running.items()}
    assert {name: code for name, (_, code) in said.items() if code} == {}
    assert all(re.search(rf"^  {name} ", said[""][0], re.MULTILINE) for name in cli.commands)
    for name, command in cli.commands.items():
        text = said[name][0]
        assert (command.help or "nothing").split(":")[0].split(".")[0] in text
        assert [
            option for p in command.params for option in p.opts if option.startswith("--") and option not in text
        ] == []


def test_a_project_file_that_is_not_there_ends_with_2(extracted, tmp_path):
    commands = ("run", "evaluate", "estimate", "export")
    running = [extracted.start(command, str(tmp_path / "none.yaml")) for command in commands]
    said = [(*process.communicate(timeout=60), process.returncode) for process in running]
    assert [code for *_, code in said] == [2] * len(commands), said
    assert all("there is no such file" in output for output, *_ in said)
