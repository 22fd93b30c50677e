"""langextract's side of the comparison; started by its own interpreter with a job."""

from importlib import import_module
from typing import Any

from benchmarks.peers.job import Stopwatch, read_job, read_texts, write_report

# not installed where types are checked
lx: Any = import_module("langextract")
factory: Any = import_module("langextract.factory")
validation: Any = import_module("langextract.prompt_validation")


def main() -> None:
    job = read_job()
    texts = read_texts(job)
    documents = [lx.data.Document(text=text, document_id=name) for name, text in texts]
    items = [lx.schema.extraction_item_schema(variable) for variable in job.variables]
    options: dict[str, Any] = {"api_key": "x", "base_url": job.url, "temperature": 0.0}
    tuned: dict[str, Any] = {}
    if not job.defaults:
        options["max_workers"] = job.concurrency
        tuned = {
            "max_char_buffer": max(len(text) for _, text in texts) + 1,  # one call for each document
            "batch_length": len(documents),  # no barrier
            "max_workers": job.concurrency,
        }
    with Stopwatch() as watch:
        annotated = lx.extract(
            text_or_documents=documents,
            prompt_description="Extract " + ", ".join(job.variables),
            output_schema=lx.schema.extractions_schema(*items),
            config=factory.ModelConfig(model_id="mock-model", provider="openai", provider_kwargs=options),
            prompt_validation_level=validation.PromptValidationLevel.OFF,
            show_progress=False,
            **tuned,
        )
        kept = list(annotated)
        lx.io.save_annotated_documents(
            iter(kept), output_dir=job.folder, output_name="out.jsonl", show_progress=False
        )
    rows = []
    for document in kept:
        values: dict[str, list[str]] = {}
        for extraction in document.extractions or ():
            values.setdefault(extraction.extraction_class, []).append(extraction.extraction_text)
        rows.append((document.document_id, values))
    write_report(job, watch, rows)


if __name__ == "__main__":
    main()
