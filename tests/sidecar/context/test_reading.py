"""Looking at documents: lists, texts, pages, pictures, files; and what another tenant sees of them: nothing."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID, uuid4

import pymupdf
import pytest

from crucible_assets.documents.asset import read_documents
from resources.database.repositories.documents import list_documents
from tests.documents.make import pdf, word
from tests.sidecar.context.conftest import make_project, send

LETTER = pdf([(72, 100, "The loan of 1,200 EUR was granted.", 12)], [(72, 200, "It was repaid in May.", 12)])
NOTE = b"The applicant asked for a loan of 900 EUR on Monday, and it was refused on Tuesday.\n"


def upload(client, name, data) -> str:
    return str(send(client, (name, data)).json()["files"][0]["document_id"])


@pytest.fixture
def read(installation, database, tenant):
    """Read what was uploaded, in the parsers' worker processes."""

    def work() -> None:
        with database.transaction(tenant) as session:
            rows = list_documents(session, "study")
        read_documents(installation, tenant, rows)

    return work


def test_lists_come_in_pages_and_find_names(researcher):
    for n in range(5):
        upload(researcher, f"letter_{n}%.txt", NOTE + str(n).encode())
    upload(researcher, "other.txt", NOTE)
    seen, after = [], None
    while True:
        page = researcher.get("/v1/context", params={"limit": 2, **({"after": after} if after else {})}).json()
        seen += [item["name"] for item in page["items"]]
        if (after := page["next"]) is None:
            break
    assert seen == ["other.txt", *(f"letter_{n}%.txt" for n in (4, 3, 2, 1, 0))]

    def names(**query):
        return [item["name"] for item in researcher.get("/v1/context", params=query).json()["items"]]

    assert names(q="LETTER_3") == ["letter_3%.txt"]
    assert names(q="_3%") == ["letter_3%.txt"]
    assert names(q="r_%t") == []
    assert names(status="READY") == []
    assert len(names(project_id="study", origin="UPLOAD", status="UPLOADED")) == 6
    assert researcher.get("/v1/context", params={"after": "nonsense"}).status_code == 422


def test_text_comes_in_stretches(researcher, read):
    document = upload(researcher, "a.txt", NOTE)
    assert researcher.get(f"/v1/context/{document}/text").status_code == 409
    read()
    whole = researcher.get(f"/v1/context/{document}/text").json()
    text = NOTE.decode().strip()
    assert (whole["text"], whole["total"], whole["end"]) == (text, len(text), len(text))
    part = researcher.get(f"/v1/context/{document}/text", params={"start": 4, "end": 13}).json()
    assert (part["text"], part["start"], part["end"], part["total"]) == ("applicant", 4, 13, len(text))
    behind = researcher.get(f"/v1/context/{document}/text", params={"start": 9999}).json()
    assert (behind["text"], behind["total"]) == ("", len(text))
    shown = researcher.get(f"/v1/context/{document}").json()
    assert (shown["status"], shown["language"], shown["figures"]["characters"]) == ("PARSED", "en", len(text))


def test_pages_have_sizes_spans_texts_and_boxes(researcher, read):
    document = upload(researcher, "a.pdf", LETTER)
    read()
    first = researcher.get(f"/v1/context/{document}/pages", params={"limit": 1}).json()
    second = researcher.get(f"/v1/context/{document}/pages", params={"limit": 1, "after": first["next"]}).json()
    assert second["next"] is None
    pages = first["items"] + second["items"]
    sizes = [(p["number"], p["width"], p["height"], p["rotation"]) for p in pages]
    assert sizes == [(1, 595, 842, 0), (2, 595, 842, 0)]
    total = researcher.get(f"/v1/context/{document}/text").json()["text"]
    assert [total[p["start"] : p["end"]] for p in pages] == [
        "The loan of 1,200 EUR was granted.",
        "It was repaid in May.",
    ]
    page = researcher.get(f"/v1/context/{document}/pages/2").json()
    assert page["text"] == "It was repaid in May."
    x0, y0, x1, y1 = page["segments"][0]["box"]
    assert x0 == pytest.approx(72, abs=2)
    assert y0 < 200 < y1 + 1
    assert x1 > 150
    assert researcher.get(f"/v1/context/{document}/pages/3").status_code == 404
    assert researcher.get(f"/v1/context/{document}/pages/3/image").status_code == 404


def test_the_box_is_drawn_on_the_page(researcher, read):
    document = upload(researcher, "a.pdf", LETTER)
    read()
    box = researcher.get(f"/v1/context/{document}/pages/1").json()["segments"][0]["box"]
    address = f"/v1/context/{document}/pages/1/image"
    plain = researcher.get(address, params={"dpi": 72})
    marked = researcher.get(address, params={"dpi": 72, "draw": ",".join(f"{number:.1f}" for number in box)})
    assert (plain.status_code, marked.headers["content-type"]) == (200, "image/png")
    before, after = pymupdf.Pixmap(plain.content), pymupdf.Pixmap(marked.content)
    changed = [(x, y) for x in range(595) for y in range(842) if before.pixel(x, y) != after.pixel(x, y)]
    assert changed
    x0, y0, x1, y1 = box
    assert all(x0 - 1 <= x <= x1 + 1 and y0 - 1 <= y <= y1 + 1 for x, y in changed)
    assert len(changed) > 0.5 * (x1 - x0) * (y1 - y0)


@pytest.mark.parametrize(
    "query", [{"dpi": 5000}, {"draw": "1,2,3"}, {"draw": "1,2,3,x"}, {"draw": ["1,2,3,4"] * 101}]
)
def test_what_cannot_be_drawn_is_not_valid(researcher, query):
    document = upload(researcher, "a.pdf", LETTER)
    assert researcher.get(f"/v1/context/{document}/pages/1/image", params=query).status_code == 422


@pytest.mark.parametrize("path", ["pages", "pages/1", "pages/1/image"])
def test_documents_without_pages_say_so(researcher, read, path):
    document = upload(researcher, "a.docx", word())
    read()
    answer = researcher.get(f"/v1/context/{document}/{path}")
    assert answer.status_code == 409
    assert "no pages" in answer.json()["detail"]


def test_the_file_comes_as_an_attachment(researcher):
    name = 'Bericht "über" Zinsen.html'
    page = b"<!doctype html><html><script>alert(1)</script><p>" + NOTE + b"</p></html>"
    document = upload(researcher, name, page)
    answer = researcher.get(f"/v1/context/{document}/file")
    assert answer.content == page
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert int(answer.headers["content-length"]) == len(page)
    stored = researcher.get(f"/v1/context/{document}").json()["name"]
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith("attachment; ")
    assert disposition.endswith(f"filename*=UTF-8''{quote(stored, safe='')}")


ROUTES = ["", "/text", "/file", "/pages", "/pages/1", "/pages/1/image"]


@pytest.mark.parametrize("path", ROUTES)
def test_another_tenant_sees_nothing(researcher, client_as, read, path, other):
    document = upload(researcher, "a.pdf", LETTER)
    read()
    answer = client_as("admin", tenant=other).get(f"/v1/context/{document}{path}")
    assert answer.status_code == 404
    assert answer.json() == {
        **client_as("admin", tenant=other).get(f"/v1/context/{uuid4()}{path}").json(),
        "instance": f"/v1/context/{document}{path}",
        "detail": f"There is no document {document}.",
        "request_id": answer.json().get("request_id"),
    }


def test_the_same_bytes_of_two_tenants_are_two_blobs(researcher, client_as, database, installation, tenant, other):
    make_project(database, other, "study")
    mine = upload(researcher, "a.txt", NOTE)
    theirs = client_as("researcher", tenant=other)
    other = upload(theirs, "a.txt", NOTE)
    assert UUID(mine) != UUID(other)
    assert theirs.delete(f"/v1/context/{mine}").status_code == 404
    assert theirs.delete(f"/v1/context/{other}").status_code == 204
    assert researcher.get(f"/v1/context/{mine}/file").content == NOTE
    assert theirs.get("/v1/context", params={"q": "a.txt", "project_id": "study"}).json()["items"] == []


def test_a_file_that_the_blob_store_lost_is_said(researcher, installation, database, tenant):
    document = upload(researcher, "a.pdf", LETTER)
    with database.transaction(tenant) as session:
        (row,) = list_documents(session, "study")
    installation.files.delete(row.blob)
    for path in ("file", "pages/1/image"):
        assert researcher.get(f"/v1/context/{document}/{path}").status_code == 409
