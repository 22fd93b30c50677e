"""A project on the real database whose documents have passages and vectors, and a model that can be scripted."""

import hashlib
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
import sqlalchemy as sa

from crucible_assets.insights.summing import Summed, Whole, sum_up_documents, sum_up_project
from crucible_assets.insights.theming import Themed, make_themes
from crucible_assets.insights.work import Work
from resources.database.engine import Database
from resources.database.repositories.documents import DocumentText, NewFile, list_documents, save_read, take_in
from resources.database.repositories.insights import (
    StoredSummary,
    StoredTheme,
    page_of_themes,
    summary_of_document,
    summary_of_project,
)
from resources.database.repositories.passages import add_vectors, replace_chunks, replace_passages
from resources.database.repositories.projects import ensure_tenant, save_project
from resources.database.tables import document_texts, documents
from resources.installation import Installation
from resources.project import Project, project_from_data
from resources.settings import Settings
from resources.vocabulary import DocumentOrigin, DocumentStatus, Segment, SegmentKind
from tests.model_server import ModelServer, Reply, RequestView

MODEL = "made@32/1"
VARIABLES = [{"name": "price", "type": "NUMBER", "instructions": "The price."}]
DIMENSION = 32

CONTRACTS = {
    "harbour.txt": "The harbour contract was signed on 3 April 2024.\n\nThe harbour authority of Inishmoyle pays "
    "4,200 euros for dredging.\n\nDredging begins in May and ends in June.",
    "school.txt": "The school contract was signed on 9 May 2023.\n\nThe school board of Rathfennel pays 8,700 euros "
    "for new windows.\n\nThe windows are made of larch.",
    "bridge.txt": "The bridge contract was signed on 1 July 2022.\n\nThe county of Kilmoragh pays 91,000 euros for "
    "the bridge.\n\nThe bridge is closed in August.",
}


@dataclass
class Scripted:
    """A model that quotes: every stretch or fact that it is shown, unless a script says otherwise."""

    asked: list[RequestView] = field(default_factory=list)
    script: Callable[[RequestView], str | Reply | None] = lambda view: None

    def __call__(self, view: RequestView) -> str | Reply:
        self.asked.append(view)
        said = self.script(view)
        return quoting(view) if said is None else said


def quoting(view: RequestView) -> str:
    """What a careful model would say."""
    if "You name a theme" in view.prompt:
        found = re.search(r"<keywords-\w+>\n(.*?)\n<", view.prompt, re.DOTALL)
        return " ".join(found.group(1).split(", ")[:2]) if found else "Nothing"
    if "You choose the most important" in view.prompt:
        return '{"facts": [3, 1]}'
    if "what many documents say together" in view.prompt:
        facts = re.findall(r"^\[(\d+)\] \S+: (.*)$", view.document, re.MULTILINE)
        return "\n".join(f"{text} [{label}]" for label, text in facts[:4])
    shown = re.findall(r"^\[(\d+)\]\n(.*?)(?=\n\n\[|\Z)", view.document, re.MULTILINE | re.DOTALL)
    sentences = [(label, one) for label, text in shown for one in re.findall(r"\S[^.]*\.", text)]
    return "\n".join(f"{' '.join(one.split())} [{label}]" for label, one in sentences[:7])


class Bench:
    """One project of a tenant of its own."""

    def __init__(
        self, database: Database, settings: Settings, server: ModelServer | None, texts: Mapping[str, str] = CONTRACTS
    ) -> None:
        self.database = database
        self.installation = Installation(settings)
        self.tenant = f"t{uuid.uuid4().hex[:12]}"
        self.model = Scripted()
        self.specs = ("openai:test",) if server is not None else ()
        if server is not None:
            server.answer_with(self.model)
        self.project: Project = project_from_data(
            {"name": f"study {uuid.uuid4().hex[:10]}", "language": "en", "variables": VARIABLES}
        )
        self.ids: dict[str, UUID] = {}
        with database.transaction(self.tenant) as session:
            ensure_tenant(session)
            save_project(session, self.project)
        self.add(texts)

    def add(self, texts: Mapping[str, str]) -> None:
        """Documents as if they had been read."""
        with self.database.transaction(self.tenant) as session:
            files = [
                NewFile(name, hashlib.sha256(f"{self.project.id}{name}{text}".encode()).hexdigest(), 1, f"b/{name}")
                for name, text in texts.items()
            ]
            taken = take_in(session, self.project.id, files, DocumentOrigin.UPLOAD)
            for item, (name, text) in zip(taken, texts.items(), strict=True):
                self.ids[name] = item.document_id
                read = DocumentText(text, paragraphs(text))
                save_read(session, item.document_id, {"parser_version": "1", "language": "en"}, read)
                session.execute(
                    sa.update(documents)
                    .where(documents.c.id == item.document_id)
                    .values(status=DocumentStatus.READY.value)
                )

    def rewrite(self, name: str, text: str) -> None:
        """Another text is read in a document."""
        with self.database.transaction(self.tenant) as session:
            which = document_texts.c.document_id == self.ids[name]
            segments = [[s.start, s.end, s.kind.value, None, None, None, None] for s in paragraphs(text)]
            session.execute(sa.update(document_texts).where(which).values(text=text, segments=segments))

    def embed(self, topic_of: Callable[[str], int], model: str = MODEL) -> None:
        """Every paragraph is a passage, and its vector that of its topic with a little of its own."""
        with self.database.transaction(self.tenant) as session:
            for id_ in self.ids.values():
                text = session.scalar(sa.select(document_texts.c.text).where(document_texts.c.document_id == id_))
                if text is None:
                    continue
                spans = [(s.start, s.end) for s in paragraphs(text)]
                whole = {"index": 0, "start": 0, "end": len(text), "text": text, "tokens": 1, "heading_path": []}
                replace_chunks(session, id_, [{**whole, "content_hash": _hash(text)}])
                rows = [
                    {
                        "index": index,
                        "chunk_index": 0,
                        "start": start,
                        "end": end,
                        "text": text[start:end],
                        "tokens": 1,
                        "content_hash": _hash(text[start:end]),
                    }
                    for index, (start, end) in enumerate(spans)
                ]
                replace_passages(session, id_, rows)
                vectors = np.stack([vector_of(text[start:end], topic_of(text[start:end])) for start, end in spans])
                add_vectors(session, id_, model, range(len(spans)), vectors)
                session.execute(sa.update(documents).where(documents.c.id == id_).values(indexed_passages=len(spans)))

    def work(self, **tags: str) -> Work:
        named = {f"crucible/{name}": value for name, value in tags.items()}
        return Work(self.installation, self.tenant, self.project, self.specs, named)

    def summarise(self, **tags: str) -> tuple[Summed, Whole]:
        with self.database.transaction(self.tenant) as session:
            rows = list_documents(session, self.project.id)
        work = self.work(**tags)
        return sum_up_documents(work, rows), sum_up_project(work)

    def find_themes(self, number: int | None = None, **tags: str) -> Themed:
        return make_themes(self.work(**tags), MODEL, number)

    def summary(self, name: str | None = None) -> StoredSummary | None:
        with self.database.transaction(self.tenant) as session:
            if name is None:
                return summary_of_project(session, self.project.id)
            return summary_of_document(session, self.ids[name])

    def themes(self) -> list[StoredTheme]:
        with self.database.transaction(self.tenant) as session:
            return page_of_themes(session, self.project.id, 50)


def texts_of(stored: StoredSummary | None) -> list[str]:
    """What a summary says."""
    return [one.statement.text for one in stored.statements] if stored else []


def paragraphs(text: str) -> tuple[Segment, ...]:
    """Segments at blank lines."""
    return tuple(
        Segment(m.start(), m.end(), SegmentKind.PARAGRAPH) for m in re.finditer(r"\S.*?(?=\n\n|\Z)", text, re.S)
    )


def vector_of(text: str, topic: int) -> np.ndarray:
    """A unit vector near that of a topic; the same for the same text."""
    direction = np.random.default_rng(1000 + topic).standard_normal(DIMENSION)
    own = np.random.default_rng(int(_hash(text)[:8], 16)).standard_normal(DIMENSION)
    vector = direction / np.linalg.norm(direction) + 0.5 * own / np.linalg.norm(own)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
