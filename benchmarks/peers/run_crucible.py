"""Crucible's side of the comparison; started by the interpreter of this repository with a job."""

import os
from collections import Counter
from pathlib import Path

from benchmarks.extraction.corpus import Corpus
from benchmarks.extraction.study import TENANT, fill, prepare, results
from benchmarks.extraction.usage import database_cpu_seconds
from benchmarks.peers.job import Stopwatch, read_job, read_texts, write_report


def main() -> None:
    job = read_job()
    home = Path(job.folder)
    os.environ["CRUCIBLE_HOME"] = str(home)
    os.environ["OPENAI_BASE_URL"] = job.url
    corpus = Corpus(dict(read_texts(job)), {}, frozenset(), tuple(job.variables))
    with Stopwatch() as preparing:
        study = prepare(corpus, home / "documents", job.variables_per_call)
    before = database_cpu_seconds(home / "postgres")
    with Stopwatch() as watch:
        fill(study, job.concurrency)
    after = database_cpu_seconds(home / "postgres")
    rows, states = [], Counter[str]()
    for row, counts in results(study.installation, TENANT, study.project.id, study.names):
        rows.append(row)
        states += counts
    write_report(
        job,
        watch,
        rows,
        prepared_seconds=preparing.seconds,
        database_cpu_seconds=None if before is None or after is None else after - before,
        states=states,
    )


if __name__ == "__main__":
    main()
