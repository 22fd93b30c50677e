"""The extraction stage against a model server with latency: seconds beside the ideal, calls × latency ÷ concurrency.

    python benchmarks/extraction_throughput.py [--documents 1000] [--variables 5] [--latency-ms 50] [--concurrency 64]

The server runs in a process of its own on the same machine. Documents are taken in, read and cut beforehand; the
clock runs over extraction only, storage of calls and cells included. The baseline is the same number of requests
sent by the same SDK with nothing else done. Values are compared with the truth that the documents state.
"""

import argparse
import asyncio
import os
import random
import tempfile
import time
from pathlib import Path

import httpx2
import openai
import uvloop

from crucible_assets.chunks.asset import cut_documents
from crucible_assets.chunks.split import SplitSettings
from crucible_assets.documents.asset import read_documents
from crucible_assets.documents.intake import take_folder
from crucible_assets.extractions.asset import asked_variables
from crucible_assets.extractions.run import Run, extract
from crucible_assets.prompts.asset import make_prompts
from resources.database.repositories.cells import load_cells
from resources.database.repositories.documents import list_documents
from resources.database.repositories.projects import ensure_tenant, load_project, save_project
from resources.installation import Installation
from resources.models.providers.choose import make_provider
from resources.models.request import Provider
from resources.project import project_from_data
from resources.settings import load_settings
from resources.vocabulary import DocumentOrigin
from tests.model_server import SubprocessModelServer

TENANT = "bench"
WORDS = ["agreement", "party", "term", "notice", "payment", "schedule", "annex", "clause", "report", "study", "cost"]


def write_documents(folder: Path, number: int, variables: int) -> dict[str, dict[str, str]]:
    """Plain documents of about 300 words that state each variable on a line; returns the truth."""
    rng = random.Random(7)  # the same documents every time
    truth: dict[str, dict[str, str]] = {}
    for index in range(number):
        values = {f"field_{v}": f"{rng.choice(WORDS)} {index * 31 + v}" for v in range(variables)}
        prose = [" ".join(rng.choices(WORDS, k=50)).capitalize() + "." for _ in range(6)]
        lines = [f"{name}: {value}" for name, value in values.items()]
        name = f"document-{index:05d}.txt"
        (folder / name).write_text("\n\n".join([prose[0], *lines, *prose[1:]]), encoding="utf-8")
        truth[name] = values
    return truth


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
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--variables", type=int, default=5)
    parser.add_argument("--latency-ms", type=float, default=50)
    parser.add_argument("--concurrency", type=int, default=64)
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="crucible-", ignore_cleanup_errors=True) as home,
        SubprocessModelServer(["--latency-ms", str(arguments.latency_ms)]) as server,
    ):
        os.environ["CRUCIBLE_HOME"] = home
        os.environ["OPENAI_BASE_URL"] = server.openai_url
        measure(Path(home), server, arguments)


def measure(home: Path, server: SubprocessModelServer, arguments: argparse.Namespace) -> None:
    """Prepare, run, print."""
    home.chmod(0o755)
    folder = home / "documents"
    folder.mkdir()
    truth = write_documents(folder, arguments.documents, arguments.variables)
    project = project_from_data(
        {
            "name": "bench",
            "documents": str(folder),
            "variables": [
                {"name": f"field_{v}", "type": "TEXT", "instructions": f"The value of field_{v}."}
                for v in range(arguments.variables)
            ],
        }
    )
    installation = Installation(load_settings())
    database = installation.database
    with database.transaction(TENANT) as session:
        ensure_tenant(session)
        save_project(session, project)
    began = time.perf_counter()
    take_folder(database, installation.files, TENANT, project.id, str(folder), DocumentOrigin.FOLDER)
    taken = time.perf_counter()
    with database.transaction(TENANT) as session:
        rows = list_documents(session, project.id)
    read_documents(installation, TENANT, rows)
    read = time.perf_counter()
    with database.transaction(TENANT) as session:
        rows = list_documents(session, project.id)
    for at in range(0, len(rows), 50):
        cut_documents(installation, TENANT, rows[at : at + 50], SplitSettings())
    cut = time.perf_counter()
    with database.transaction(TENANT) as session:
        make_prompts(session, project)
        stored = load_project(session, project.id)
        assert stored is not None
        asked = asked_variables(session, stored)
        rows = list_documents(session, project.id)

    calls = arguments.documents * arguments.variables
    ideal = calls * arguments.latency_ms / 1000 / arguments.concurrency
    bare = uvloop.run(_bare(server.openai_url, calls, arguments.concurrency))
    server.reset()
    run = Run(database, TENANT, stored, asked, rows, None, arguments.concurrency)

    def providers() -> list[Provider]:
        return [make_provider("openai:bench", timeout_seconds=60)]

    cpu = time.process_time()
    began_extraction = time.perf_counter()
    progress = extract(run, providers).total
    seconds = time.perf_counter() - began_extraction
    cpu = time.process_time() - cpu
    asked_of_server = server.stats()
    again = time.perf_counter()
    extract(run, providers)
    again = time.perf_counter() - again

    names = {row.id: row.name for row in rows}
    with database.transaction(TENANT) as session:
        cells = load_cells(session, project.id)
    right = sum(cell.value == truth[names[cell.document_id]][cell.variable] for cell in cells)
    print(
        f"{arguments.documents} documents × {arguments.variables} variables, latency {arguments.latency_ms:g} ms, "
        f"{arguments.concurrency} in flight"
    )
    print(f"take in               {taken - began:8.2f} s")
    print(f"read                  {read - taken:8.2f} s")
    print(f"cut                   {cut - read:8.2f} s")
    print(f"ideal                 {ideal:8.2f} s   calls × latency ÷ concurrency")
    print(f"SDK alone             {bare:8.2f} s   {bare / ideal:.2f} × ideal (baseline)")
    print(
        f"extraction            {seconds:8.2f} s   {seconds / ideal:.2f} × ideal, {calls / seconds:.0f} calls/s, "
        f"{cpu / calls * 1000:.2f} ms CPU per call"
    )
    print(f"extraction, again     {again:8.2f} s   {server.stats().calls - asked_of_server.calls} calls")
    print(f"calls                 {asked_of_server.calls} at the server, {progress.calls} paid, {calls} expected")
    print(f"cells                 {len(cells)} of {calls}; {right} equal to the truth")


if __name__ == "__main__":
    main()
