"""The reader as a provider."""

import asyncio
import json

from resources.models.reader import Reader
from resources.models.request import Field, ModelRequest, Provider, Usage
from resources.vocabulary import VariableType
from tests.reader.questions import GRANT


def _request(*names: str) -> ModelRequest:
    fields = tuple(Field(name, VariableType.DATE, "", name.replace("_", " ")) for name in names)
    return ModelRequest("", GRANT, "fence", "", {}, "answer", fields, 0.1, 100)


def test_it_answers_with_the_object_of_the_contract_and_uses_no_tokens() -> None:
    reader: Provider = Reader()
    reply = asyncio.run(reader.generate(_request("start_date", "end_date")))
    answer = json.loads(reply.text)
    assert reply.finish_reason == "stop"
    assert reply.usage == Usage(0, 0, 0)
    assert reply.model == reader.model and reader.model.startswith("reader-")
    assert reader.name == "local"
    assert answer["start_date"]["value"] == "2021-05-01"
    assert answer["end_date"]["value"] == "2023-04-30"


def test_concurrent_questions_about_one_document_agree_with_single_ones() -> None:
    reader = Reader()

    async def ask_all() -> list[str]:
        names = ("start_date", "end_date", "approval_date") * 4
        return [reply.text for reply in await asyncio.gather(*(reader.generate(_request(name)) for name in names))]

    texts = asyncio.run(ask_all())
    assert texts[:3] * 4 == texts
    asyncio.run(reader.close())


def test_a_reader_with_a_dense_scorer_is_another_model() -> None:
    assert Reader(lambda question, sentences: [0.5] * len(sentences)).model != Reader().model
