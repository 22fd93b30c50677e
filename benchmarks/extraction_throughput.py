"""The extraction stage against a model server with latency: how near it comes to the ideal rate.

    python -m benchmarks.extraction_throughput [--documents 1000] [--variables 10] [--latency-ms 500]
        [--concurrency 64] [--variables-per-call 1] [--jitter 0.2] [--words 300]
    python -m benchmarks.extraction_throughput --memory    # 10,000 documents × 50 variables, latency 0

The server runs in a process of its own on the same machine. Documents are taken in, read and cut beforehand; the
clock runs over extraction only, storage of calls and cells included. Ideal is calls × latency ÷ concurrency. The
baseline is the same number of requests sent by the same SDK with nothing else done. Values are compared with the
truth that the documents state. Peak memory is that of this process from the beginning of the extraction.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx2
import openai
import uvloop

from benchmarks.extraction.accounts import chats, mean_in_flight, tally
from benchmarks.extraction.corpus import Corpus, make_corpus
from benchmarks.extraction.study import TENANT, Study, fill, prepare, results
from benchmarks.extraction.usage import database_cpu_seconds, peak_mib, reset_peak, resident_mib
from tests.model_server import SubprocessModelServer

_MEMORY = {"documents": 10_000, "variables": 50, "latency_ms": 0.0, "words": 60}


async def _bare(url: str, calls: int, concurrency: int) -> float:
    client = openai.AsyncOpenAI(api_key="x", base_url=url, max_retries=0, http_client=openai.DefaultAioHttpClient())
    schema = {
        "type": "object",
        "properties": {"field_0": {"type": "string"}},
        "required": ["field_0"],
        "additionalProperties": False,
    }
    slots = asyncio.Semaphore(concurrency)

    async def one(index: int) -> None:
        body = {
            "model": "bench",
            "messages": [
                {"role": "system", "content": "x"},
                {"role": "user", "content": f"{index} " + "word " * 330},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "x", "strict": True, "schema": schema},
            },
        }
        async with slots:
            response = await client.post("/chat/completions", body=body, cast_to=httpx2.Response)
            assert response.content

    await one(-1)
    began = time.perf_counter()
    await asyncio.gather(*(one(index) for index in range(calls)))
    seconds = time.perf_counter() - began
    await client.close()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory", action="store_true", help="other defaults: 10,000 × 50, latency 0, 60 words")
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--variables", type=int, default=10)
    parser.add_argument("--latency-ms", type=float, default=500)
    parser.add_argument("--jitter", type=float, default=0.0, help="share by which the latency varies, e.g. 0.2")
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--variables-per-call", type=int, default=1)
    parser.add_argument("--words", type=int, default=300, help="of prose in each document")
    if parser.parse_known_args()[0].memory:
        parser.set_defaults(**_MEMORY)
    arguments = parser.parse_args()
    server_arguments = ["--latency-ms", str(arguments.latency_ms), "--jitter", str(arguments.jitter)]
    with (
        tempfile.TemporaryDirectory(prefix="crucible-", ignore_cleanup_errors=True) as home,
        SubprocessModelServer(server_arguments) as server,
    ):
        Path(home).chmod(0o755)
        os.environ["CRUCIBLE_HOME"] = home
        os.environ["OPENAI_BASE_URL"] = server.openai_url
        measure(Path(home), server, arguments)


def measure(home: Path, server: SubprocessModelServer, arguments: argparse.Namespace) -> None:
    """Prepare, run, print."""
    corpus = make_corpus(arguments.documents, arguments.variables, words=arguments.words)
    print(
        f"{arguments.documents} documents × {arguments.variables} variables, {arguments.variables_per_call} a call, "
        f"latency {arguments.latency_ms:g} ms ± {arguments.jitter:.0%}, {arguments.concurrency} in flight, "
        f"{os.cpu_count()} cores",
        flush=True,
    )
    study = prepare(corpus, home / "documents", arguments.variables_per_call)
    for step, seconds in study.seconds.items():
        print(f"{step:21} {seconds:8.2f} s")
    calls = arguments.documents * -(-arguments.variables // arguments.variables_per_call)
    ideal = calls * arguments.latency_ms / 1000 / arguments.concurrency
    if not arguments.memory:
        bare = uvloop.run(_bare(server.openai_url, calls, arguments.concurrency))
        print(f"ideal                 {ideal:8.2f} s   calls × latency ÷ concurrency")
        print(f"SDK alone             {bare:8.2f} s   {_share(ideal, bare)} (baseline)", flush=True)
    server.reset()
    zero = time.monotonic()  # of the server's clock, to a few milliseconds; the clock is one for the whole machine
    before, peak_is_ours = resident_mib(), reset_peak()
    database, cpu, began = database_cpu_seconds(home / "postgres"), time.process_time(), time.monotonic()
    progress = fill(study, arguments.concurrency)
    ended, cpu, peak = time.monotonic(), time.process_time() - cpu, peak_mib()
    seconds = ended - began
    used = database_cpu_seconds(home / "postgres")
    asked = server.stats()
    print(
        f"extraction            {seconds:8.2f} s   {_share(ideal, seconds)}, {calls / seconds:.0f} calls/s, "
        f"{arguments.documents / seconds:.1f} documents/s"
    )
    print(f"CPU                   {cpu / calls * 1000:8.2f} ms  per call, {cpu:.1f} s in all", end="")
    print("" if database is None or used is None else f"; PostgreSQL {used - database:.1f} s")
    print(f"peak memory           {peak:8.0f} MiB {before:.0f} before", end="")
    print("" if peak_is_ours else "; of the whole process, preparation included")
    if not arguments.memory:
        record = chats(server.calls)
        first = zero + min(call.started_s for call in record) - began
        last = ended - zero - max(call.ended_s or 0.0 for call in record)
        print(f"in flight             {mean_in_flight(record):8.2f}     mean while work remained")
        print(f"ends                  {first:8.2f} s   before the first call, {last:.2f} s after the last answer")
    print(f"calls                 {asked.calls} at the server, {progress.calls} paid, {calls} expected", flush=True)
    _show_results(corpus, study)
    again = time.perf_counter()
    fill(study, arguments.concurrency)
    again = time.perf_counter() - again
    print(f"extraction, again     {again:8.2f} s   {server.stats().calls - asked.calls} calls")


def _share(ideal: float, seconds: float) -> str:
    return f"{ideal / seconds:.3f} of the ideal rate" if ideal else "no latency, so no ideal rate"


def _show_results(corpus: Corpus, study: Study) -> None:
    rows, states = [], Counter[str]()
    for row, counts in results(study.installation, TENANT, study.project.id, study.names):
        rows.append(row)
        states += counts
    found = tally(rows, corpus)
    print(f"rows                  {found.rows} of {found.rows_expected}")
    print(f"cells                 {states.total()} of {found.expected}: {dict(states)}")
    print(f"values                {found.right} equal to the truth, {found.wrong} wrong, {found.missing} missing")


if __name__ == "__main__":
    main()
