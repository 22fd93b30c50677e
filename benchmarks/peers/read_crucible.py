"""Reads what `crucible run` stored, after it ended: rows and states of cells, as a report of the job."""

import os
from collections import Counter

from benchmarks.extraction.study import PROJECT, results
from benchmarks.peers.job import Stopwatch, read_job, write_report
from resources.database.repositories.documents import list_documents
from resources.installation import Installation
from resources.settings import DEFAULT_TENANT, load_settings


def main() -> None:
    job = read_job()
    os.environ["CRUCIBLE_HOME"] = job.folder
    installation = Installation(load_settings())
    rows, states = [], Counter[str]()
    with Stopwatch() as watch:
        with installation.database.transaction(DEFAULT_TENANT) as session:
            names = {row.id: row.name for row in list_documents(session, PROJECT)}
        for row, counts in results(installation, DEFAULT_TENANT, PROJECT, names):
            rows.append(row)
            states += counts
    write_report(job, watch, rows, states=states)


if __name__ == "__main__":
    main()
