"""Cells over HTTP: in every order and page by page none is lost or shown twice, and each shows where it is from."""

import itertools

import pytest

from tests.sidecar.results.study import Study, everything, quoted

CELLS = "/v1/results/cells"
TEXT = (
    "Prelude. The party Müller & Söhne signs. The sum of EUR 20,000 is agreed. "
    "契約金額は五百万円です。After that, nothing."
)


@pytest.fixture
def study(database, tenant):
    made = Study(database, tenant)
    first, second = made.document("b.txt", TEXT), made.document("a/ü.txt", TEXT)
    third = made.document("c.txt", TEXT)
    made.cell(first, "amount", 20000, confidence=0.87, evidence=[quoted(TEXT, "EUR 20,000")])
    made.cell(first, "party", "Müller & Söhne", evidence=[quoted(TEXT, "Müller & Söhne")])
    made.cell(first, "tags", ["契約", 'a "quoted" 50% word'], confidence=0.31)
    made.cell(second, "amount", 5000000, "UNCERTAIN", confidence=0.87, evidence=[quoted(TEXT, "五百万円", "FUZZY")])
    made.cell(second, "party", None, "ABSENT", confidence=0.5)
    made.cell(second, "tags", None, "FAILED")
    made.cell(third, "amount", None, "FAILED", reasons=["the model refused"])
    made.cell(third, "party", "x" * 300_000, confidence=None)
    made.first, made.second, made.third = first, second, third
    return made


@pytest.mark.parametrize("sort", ["document", "variable", "confidence", "updated_at"])
@pytest.mark.parametrize("limit", [1, 3, 500])
def test_pages_of_any_size_give_every_cell_once_and_in_order(study, client_as, sort, limit):
    client = client_as("viewer")
    up = everything(client, CELLS, project_id=study.id, sort=sort, limit=limit)
    down = everything(client, CELLS, project_id=study.id, sort=f"-{sort}", limit=limit)
    keys = [(cell["document_id"], cell["variable"]) for cell in up]
    assert len(keys) == len(set(keys)) == 8
    backwards = [(cell["document_id"], cell["variable"]) for cell in down]
    if sort == "confidence":
        sure = [cell["confidence"] for cell in up if cell["confidence"] is not None]
        assert sure == sorted(sure)
        for page in (up, down):
            assert [cell["confidence"] for cell in page][-3:] == [None] * 3, "those without one come last both ways"
    else:
        assert backwards == keys[::-1]


def test_the_order_of_documents_is_by_name_and_then_by_the_variables_of_the_project(study, client_as):
    cells = everything(client_as(), CELLS, project_id=study.id)
    assert [(c["document_name"], c["variable"]) for c in cells][:4] == [
        ("a/ü.txt", "amount"), ("a/ü.txt", "party"), ("a/ü.txt", "tags"), ("b.txt", "amount"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ({"state": "FAILED"}, 2),
        ({"state": ["FAILED", "ABSENT"]}, 3),
        ({"variable": "party"}, 3),
        ({"min_confidence": 0.87}, 3),
        ({"max_confidence": 0.5}, 2),
        ({"min_confidence": 5e-324}, 5),
        ({"evidence": "FUZZY"}, 1),
        ({"evidence": "NONE"}, 5),
        ({"reviewed": True}, 0),
        ({"reviewed": False}, 8),
        ({"q": "müller"}, 1),
        ({"q": "契約"}, 1),
        ({"q": 'A "QUOTED" 50%'}, 1),
        ({"q": "50_"}, 0),
        ({"q": "EUR 20,0"}, 1),
        ({"q": "ü.txt"}, 3),
        ({"q": "paragraph"}, 0),
        ({"q": "\\"}, 0),
    ],
)
def test_filters(study, client_as, asked, number):
    answer = client_as().get(CELLS, params={"project_id": study.id, "count": True, "limit": 1, **asked})
    assert answer.status_code == 200, answer.text
    assert answer.json()["total"] == number
    assert len(everything(client_as(), CELLS, project_id=study.id, **asked)) == number


def test_a_cell_shows_value_evidence_and_origin(study, client_as):
    (cell,) = everything(client_as(), CELLS, project_id=study.id, variable="amount", document_id=str(study.first))
    assert (cell["state"], cell["value"], cell["confidence"]) == ("VALUE", 20000, 0.87)
    assert (cell["document_name"], cell["row_label"], cell["prompt_version"]) == ("b.txt", "b.txt", 1)
    (piece,) = cell["evidence"]
    assert TEXT[piece["start"] : piece["end"]] == piece["quote"] == "EUR 20,000"
    assert piece["places"] == [{"page": None, "label": "paragraph 1", "boxes": []}]


def test_a_cell_of_another_tenant_is_none(study, client_as, database, other):
    stranger = client_as("admin", tenant=other)
    path = f"{CELLS}/{study.first}/amount"
    assert stranger.get(CELLS, params={"project_id": study.id}).status_code == 404
    for end in ("", "/context", "/image"):
        assert stranger.get(path + end).status_code == 404


@pytest.mark.parametrize(
    "after", ["x", "bm9uZQ", "WzEsMl0", "WyJcdTAwMDAiLCAieCIsIDAsICIiLCAwLCAiIl0", "W251bGwsICIiLCAiIiwgIiJd"]
)
@pytest.mark.parametrize("sort", ["document", "variable", "confidence", "-updated_at"])
def test_a_cursor_that_was_made_up_is_refused(study, client_as, after, sort):
    answer = client_as().get(CELLS, params={"project_id": study.id, "after": after, "sort": sort})
    assert answer.status_code == 422, answer.text


def test_cursors_do_not_pass_between_orders(study, client_as):
    client = client_as()
    for one, other in itertools.permutations(["document", "variable", "confidence", "updated_at"], 2):
        page = client.get(CELLS, params={"project_id": study.id, "limit": 1, "sort": one}).json()
        answer = client.get(CELLS, params={"project_id": study.id, "sort": other, "after": page["next"]})
        assert answer.status_code in (200, 422), answer.text
        if "document" in (one, other) or "variable" in (one, other):
            assert answer.status_code == 422


def test_the_trace_of_a_cell_has_prompt_calls_and_what_it_held_before(study, client_as):
    key = study.call("k1", ["amount", "party"], "0.000000412", span_start=0, span_end=30)
    unpriced = study.call("k2", ["amount"], None)
    study.cell(study.first, "amount", 21000, call_keys=[key, unpriced], evidence=[quoted(TEXT, "EUR 20,000")])
    answer = client_as("viewer").get(f"{CELLS}/{study.first}/amount")
    trace = answer.json()
    assert [call["cost_usd"] for call in trace["calls"]] == ["0.000000412", None]
    assert trace["calls"][0]["variables"] == ["amount", "party"]
    assert trace["calls"][0]["reply"] == '{"value": 1}'
    assert [(old["state"], old["value"], old["confidence"]) for old in trace["before"]] == [("VALUE", 20000, 0.87)]
    assert "The amount agreed." in trace["prompt"]["question"]
    assert trace["prompt"]["system"]
    again = client_as("viewer").get(
        f"{CELLS}/{study.first}/amount", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert again.status_code == 304
    assert again.content == b""


def test_a_cell_that_is_not_there_is_404(study, client_as):
    client = client_as()
    assert client.get(f"{CELLS}/{study.first}/nothing").status_code == 404
    assert client.get(f"{CELLS}/{study.first}/amount", params={"row_key": "x"}).status_code == 404
    assert client.get(f"{CELLS}/00000000-0000-0000-0000-000000000000/amount").status_code == 404


def test_the_context_gives_the_sentences_round_the_words(study, client_as):
    (piece,) = client_as().get(f"{CELLS}/{study.first}/amount/context", params={"characters": 10}).json()["pieces"]
    assert piece["text"][piece["highlight"]["start"] : piece["highlight"]["end"]] == "EUR 20,000"
    assert TEXT[piece["start"] : piece["end"]] == piece["text"]
    assert len(piece["text"]) < len(TEXT)
    (piece,) = client_as().get(f"{CELLS}/{study.second}/amount/context").json()["pieces"]
    assert piece["text"][piece["highlight"]["start"] : piece["highlight"]["end"]] == "五百万円"


def test_words_that_were_not_found_have_no_context(study, client_as):
    study.cell(study.third, "amount", 1, evidence=[quoted(TEXT, "nowhere", "NOT_FOUND")])
    (piece,) = client_as().get(f"{CELLS}/{study.third}/amount/context").json()["pieces"]
    assert (piece["text"], piece["highlight"], piece["quote"]) == (None, None, "nowhere")


def test_without_pages_there_is_no_picture_but_a_word_on_where_the_context_is(study, client_as):
    answer = client_as().get(f"{CELLS}/{study.first}/amount/image")
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:crucible:problem:no-pages"
    assert "/context" in answer.json()["detail"]


def test_the_page_is_shown_with_the_boxes_of_the_evidence(database, tenant, client_as, installation):
    import pymupdf

    pdf = pymupdf.open()
    page = pdf.new_page(width=300, height=200)
    page.insert_text((40, 60), "EUR 20,000")
    blob = installation.files.put(tenant, pdf.tobytes())
    study = Study(database, tenant)
    document = study.document("x.pdf", TEXT, blob)
    box = (38, 48, 110, 64)
    study.cell(document, "amount", 20000, evidence=[quoted(TEXT, "EUR 20,000", page=1, boxes=[box])])
    client = client_as("viewer")
    answer = client.get(f"{CELLS}/{document}/amount/image", params={"dpi": 72})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    picture = pymupdf.Pixmap(answer.content)
    assert (picture.width, picture.height) == (300, 200)
    assert picture.pixel(100, 50)[:3] != (255, 255, 255), "the box is drawn"
    assert picture.pixel(250, 150)[:3] == (255, 255, 255)
    same = client.get(
        f"{CELLS}/{document}/amount/image", params={"dpi": 72}, headers={"If-None-Match": answer.headers["etag"]}
    )
    assert same.status_code == 304
    assert client.get(f"{CELLS}/{document}/amount/image", params={"page": 2}).status_code == 404


def test_rows_are_entities_with_their_names(database, tenant, client_as):
    study = Study(database, tenant, "ENTITY")
    document, unread = study.document("lots.txt", TEXT), study.document("scan.pdf")
    study.lots(document, ["Zürich West", "Aarau", "契約"])
    for number in (1, 2, 3):
        study.cell(document, "amount", number, row_key=f"lot-{number}")
    study.cell(unread, "amount", None, "FAILED")
    cells = everything(client_as(), CELLS, project_id=study.id, limit=1)
    assert [(c["row_label"], c["value"]) for c in cells] == [
        ("Zürich West", 1), ("Aarau", 2), ("契約", 3), ("scan.pdf", None),
    ]  # fmt: skip
    assert [c["row_label"] for c in everything(client_as(), CELLS, project_id=study.id, q="zÜrich")] == [
        "Zürich West"
    ]
    trace = client_as().get(f"{CELLS}/{document}/amount", params={"row_key": "lot-2"}).json()
    assert trace["cell"]["row_label"] == "Aarau"
