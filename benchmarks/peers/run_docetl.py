"""docetl's side of the comparison; started by its own interpreter with a job."""

import json
import os
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.peers.job import Job, Stopwatch, read_job, read_texts, write_report


def environment(job: Job) -> None:
    """What docetl and litellm read when they are imported, so that nothing is fetched from outside."""
    os.environ["DOCETL_HOME_DIR"] = str(Path(job.folder) / "home")  # its cache of calls: empty at first
    os.environ["OPENAI_API_KEY"] = "x"
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    litellm = find_spec("litellm")
    if litellm is None or litellm.origin is None:
        raise RuntimeError("litellm is not installed; make the environment anew")
    # docetl counts tokens by o200k_base, which tiktoken would download; litellm's wheel has it under tiktoken's name
    os.environ["TIKTOKEN_CACHE_DIR"] = str(Path(litellm.origin).parent / "litellm_core_utils" / "tokenizers")


def pipeline(job: Job) -> dict[str, Any]:
    """The pipeline: one map over all documents, one call for each."""
    operation: dict[str, Any] = {
        "name": "extract",
        "type": "map",
        "prompt": "Extract the fields from this text:\n{{ input.text }}",
        "output": {"schema": dict.fromkeys(job.variables, "string"), "mode": "structured_output"},
        "timeout": 120,
        "litellm_completion_kwargs": {"temperature": 0},
    }
    if job.resume:
        operation["skip_on_error"] = True  # else one call that keeps failing ends the run without output
    return {
        "default_model": "openai/mock-model",
        "default_lm_api_base": job.url,
        "datasets": {"docs": {"type": "file", "path": str(Path(job.folder) / "docs.json")}},
        "operations": [operation],
        "pipeline": {
            "steps": [{"name": "all", "input": "docs", "operations": ["extract"]}],
            "output": {"type": "file", "path": str(Path(job.folder) / "out.json")},
        },
    }


def main() -> None:
    job = read_job()
    environment(job)
    runner: Any = import_module("docetl.runner")
    documents = [{"name": name, "text": text} for name, text in read_texts(job)]
    (Path(job.folder) / "docs.json").write_text(json.dumps(documents), encoding="utf-8")
    tuned = {} if job.defaults else {"max_threads": job.concurrency}
    with Stopwatch() as watch:
        runner.DSLRunner(pipeline(job), **tuned).load_run_save()
    rows = []
    for row in json.loads((Path(job.folder) / "out.json").read_text(encoding="utf-8")):
        given = {variable: row.get(variable) for variable in job.variables}
        rows.append((row["name"], {variable: [str(value)] for variable, value in given.items() if value}))
    write_report(job, watch, rows)


if __name__ == "__main__":
    main()
