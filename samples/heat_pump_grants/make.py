"""Make the documents, the gold labels and the words behind them from the hand-written sources.

Run `python samples/heat_pump_grants/make.py` from anywhere. It writes, next to itself:

    documents/      one file per source
    gold.jsonl      {"doc": file name, "gold": {variable: [values]}}
    words.jsonl     {"doc": file name, "words": {variable: [the words that state the value]}}
"""

import json
import sys
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from generator.marks import Labels, Source, SourceError, read_labels, read_source  # noqa: E402 (needs the path above)
from generator.pdf import render_pdf  # noqa: E402
from generator.sheet import render_xlsx  # noqa: E402
from generator.word import render_docx  # noqa: E402

PLAIN_SUFFIXES = {".html", ".txt", ".md", ".csv", ".json", ".xml"}


def variable_types() -> dict[str, str]:
    """Names and types of the project's variables, in their order."""
    project = yaml.safe_load((HERE / "project.yaml").read_text(encoding="utf-8"))
    return {variable["name"]: variable["type"] for variable in project["variables"]}


def sources() -> list[Source]:
    """All sources, by the name of the document they make. Raises SourceError when two make the same file."""
    read = sorted((read_source(path) for path in (HERE / "sources").iterdir()), key=lambda source: source.file_name)
    names = [source.file_name for source in read]
    if len(set(names)) != len(names):
        raise SourceError(f"two sources make the same document: {sorted({n for n in names if names.count(n) > 1})}")
    return read


def render(source: Source) -> bytes:
    """The bytes of a source's document, in the format of its file name."""
    suffix = Path(source.file_name).suffix
    if suffix == ".pdf":
        return render_pdf(source)
    if suffix == ".docx":
        return render_docx(source)
    if suffix == ".xlsx":
        return render_xlsx(source)
    if suffix in PLAIN_SUFFIXES:
        return source.text.encode("utf-8")
    raise SourceError(f"{source.path.name}: no way to make {suffix!r} files")


def label_lines(labelled: list[tuple[Source, Labels]]) -> tuple[str, str]:
    """The contents of gold.jsonl and of words.jsonl."""
    gold: list[dict[str, object]] = [{"doc": source.file_name, "gold": labels.values} for source, labels in labelled]
    words: list[dict[str, object]] = [
        {"doc": source.file_name, "words": {name: found for name, found in labels.words.items() if found}}
        for source, labels in labelled
    ]
    return _json_lines(gold), _json_lines(words)


def _json_lines(rows: list[dict[str, object]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def main() -> None:
    """Write everything, and remove documents that no source makes any longer."""
    types = variable_types()
    labelled = [(source, read_labels(source, types)) for source in sources()]
    documents = HERE / "documents"
    documents.mkdir(exist_ok=True)
    for stale in {path.name for path in documents.iterdir()} - {source.file_name for source, _ in labelled}:
        (documents / stale).unlink()
    for source, _ in labelled:
        (documents / source.file_name).write_bytes(render(source))
    gold, words = label_lines(labelled)
    (HERE / "gold.jsonl").write_text(gold, encoding="utf-8")
    (HERE / "words.jsonl").write_text(words, encoding="utf-8")
    size = sum(path.stat().st_size for path in documents.iterdir())
    print(f"{len(labelled)} documents, {size / 1024:.0f} KiB, {len(labelled) * len(types)} labelled cells")


if __name__ == "__main__":
    main()
