"""Crucible, langextract and docetl on one model server: `python -m benchmarks.peers`; `--faults` for the fault run.

The server (tests/model_server) and each system run as processes of their own on this machine, one system at a time,
in turns. Each peer gets an environment of its own, made by pip from requirements-*.txt under --environments. Every
setting is stated in docs/benchmarks.md.
"""

import argparse
import os
from pathlib import Path

from benchmarks.extraction.corpus import make_corpus
from benchmarks.peers import comparison, faults
from benchmarks.peers.environments import default_folder, interpreter
from benchmarks.peers.systems import SYSTEMS, System
from tests.model_server import SubprocessModelServer

_COMPARED = "crucible-grouped,crucible,langextract,langextract-defaults,docetl"
_FAULTED = "crucible-grouped,crucible,langextract,docetl"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    options.add_argument("--documents", type=int, default=1000)
    options.add_argument("--variables", type=int, default=10)
    options.add_argument("--words", type=int, default=300, help="of prose in each document")
    options.add_argument("--latency-ms", type=float, default=500)
    options.add_argument("--jitter", type=float, help="share by which the latency varies; 0, with --faults 0.2")
    options.add_argument("--concurrency", type=int, default=64)
    options.add_argument("--systems", help=f"of {','.join(SYSTEMS)}; default {_COMPARED}, with --faults {_FAULTED}")
    options.add_argument("--repetitions", type=int, default=3)
    options.add_argument("--warm-up-documents", type=int, default=50, help="of the discarded first turn; 0: no turn")
    options.add_argument("--environments", type=Path, default=default_folder(), help="where the peers are installed")
    options.add_argument("--limit-seconds", type=float, default=1800, help="for one run of one system")
    options.add_argument("--faults", action="store_true", help="a server with faults, kill -9 at half, the run again")
    options.add_argument("--hopeless-share", type=float, default=0.001, help="documents that always fail; at least 1")
    options.add_argument("--starts", type=int, default=4, help="how often a system may be started in a fault run")
    return options


def main() -> None:
    arguments = parser().parse_args()
    if (
        arguments.jitter is None
    ):  # without jitter requests come in waves, and the kill would always meet the same moment
        arguments.jitter = 0.2 if arguments.faults else 0.0
    names = (arguments.systems or (_FAULTED if arguments.faults else _COMPARED)).split(",")
    if unknown := [name for name in names if name not in SYSTEMS]:
        raise SystemExit(f"unknown systems {unknown}; there are {list(SYSTEMS)}")
    systems = [SYSTEMS[name] for name in names]
    for peer in {system.peer for system in systems if system.peer is not None}:
        interpreter(peer, arguments.environments)
    print(
        f"{arguments.documents} documents × {arguments.variables} variables, {arguments.words} words, "
        f"latency {arguments.latency_ms:g} ms ± {arguments.jitter:.0%}, {arguments.concurrency} in flight, "
        f"{os.cpu_count()} cores",
        flush=True,
    )
    (_faults if arguments.faults else _rates)(arguments, systems)


def _server(arguments: argparse.Namespace) -> SubprocessModelServer:
    return SubprocessModelServer(["--latency-ms", str(arguments.latency_ms), "--jitter", str(arguments.jitter)])


def _load(arguments: argparse.Namespace, documents: int, hopeless_share: float = 0.0) -> comparison.Load:
    corpus = make_corpus(documents, arguments.variables, words=arguments.words, hopeless_share=hopeless_share)
    return comparison.Load(corpus, arguments.concurrency, arguments.latency_ms / 1000)


def _rates(arguments: argparse.Namespace, systems: list[System]) -> None:
    load = _load(arguments, arguments.documents)
    warm_up = _load(arguments, arguments.warm_up_documents) if arguments.warm_up_documents else None
    with _server(arguments) as server:
        measured = comparison.compare(
            systems,
            load,
            server,
            arguments.environments,
            arguments.repetitions,
            warm_up=warm_up,
            limit_seconds=arguments.limit_seconds,
        )
    print(comparison.table(measured, load))


def _faults(arguments: argparse.Namespace, systems: list[System]) -> None:
    load = _load(arguments, arguments.documents, arguments.hopeless_share)
    outcomes = []
    for system in systems:
        with _server(arguments) as server:
            outcome = faults.fault_run(
                system, load, server, arguments.environments, arguments.starts, arguments.limit_seconds
            )
        outcomes.append(outcome)
        print(faults.said(outcome), flush=True)
    print(faults.table(outcomes))


if __name__ == "__main__":
    main()
