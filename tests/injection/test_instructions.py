"""Attack instructions: one variable's words reach no other variable, no schema and no rule."""

import json
import re

import pytest

from crucible_assets.extractions.plan import make_ask
from crucible_assets.prompts.render import render_prompt
from tests.extraction.bench import make_bench
from tests.injection.attacks import IN_INSTRUCTIONS
from tests.injection.obedient import CANARY, Obedient, escaped_words, outside
from tests.injection.requests import BENIGN, asked, project, source
from tests.model_server import ModelServer

DOCUMENT = "supplier: Mill Ltd\n\nprice: 1250\n\nurgent: yes\n\nvictim: Anna\n"
KINDS = ("TEXT", "NUMBER", "DATE", "BOOLEAN", "LOCATION", "JSON")


def victim(instructions: str, kind: str = "TEXT", name: str = "victim") -> dict[str, str]:
    return {"name": name, "type": kind, "instructions": instructions}


@pytest.mark.parametrize("attack", IN_INSTRUCTIONS, ids=lambda a: a.name)
def test_instructions_change_no_other_variables_request(attack):
    plain = project(*BENIGN, victim("Its name."))
    attacked = project(*BENIGN, victim(attack.text))
    page = source(DOCUMENT)
    for before, after in zip(asked(plain)[:3], asked(attacked)[:3], strict=True):
        assert make_ask(page, [before], page.whole) == make_ask(page, [after], page.whole)
        assert before.prompt.content_hash == after.prompt.content_hash
    ask = make_ask(page, asked(attacked)[3:], page.whole)
    assert attack.canary in ask.request.question
    assert ask.request.system == asked(plain)[0].prompt.system


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("attack", IN_INSTRUCTIONS, ids=lambda a: a.name)
def test_instructions_change_neither_schema_nor_settings_and_stand_fenced(attack, kind):
    plain, attacked = project(victim("Its name.", kind)), project(victim(attack.text, kind))
    before, after = render_prompt(plain, plain.variables[0]), render_prompt(attacked, attacked.variables[0])
    assert (before.response_schema, before.model_settings) == (after.response_schema, after.model_settings)
    assert before.system == after.system
    assert outside(before.question) == outside(after.question)
    page = source(DOCUMENT)
    asks = [make_ask(page, asked(one), page.whole).request for one in (plain, attacked)]
    assert (asks[0].schema, asks[0].local_schema) == (asks[1].schema, asks[1].local_schema)


@pytest.mark.parametrize("attack", IN_INSTRUCTIONS, ids=lambda a: a.name)
def test_in_a_shared_call_each_variables_words_are_fenced_and_named_by_themselves(attack):
    plain, attacked = (project(BENIGN[0], victim(words), *BENIGN[1:]) for words in ("Its name.", attack.text))
    page = source(DOCUMENT)
    before, after = (make_ask(page, asked(one), page.whole).request for one in (plain, attacked))
    assert (before.schema, before.system, before.document) == (after.schema, after.system, after.document)
    assert outside(before.question) == outside(after.question)
    assert re.findall(r"^Variable: (.*)$", outside(after.question), re.MULTILINE) == [
        "supplier", "victim", "price", "urgent",
    ]  # fmt: skip
    own = asked(attacked)
    assert after.question == "\n\n".join(item.prompt.question for item in own)
    for item, same in zip((own[0], *own[2:]), asked(project(*BENIGN)), strict=True):
        assert item.prompt.question == same.prompt.question


@pytest.mark.parametrize("size", [1, 5])
def test_a_study_full_of_attack_instructions_fills_the_other_variables_rightly(settings, database, tmp_path, size):
    """All attacks at once, each in a variable of its own, against a model that obeys what is not fenced."""
    attacked = [victim(attack.text, name=f"victim_{attack.number}") for attack in IN_INSTRUCTIONS]
    calls = {"variables_per_call": size}
    variables = [attacked[0], BENIGN[0], *attacked[1:10], BENIGN[1], *attacked[10:], BENIGN[2]]
    with ModelServer(Obedient()) as server:
        study = make_bench(
            settings,
            database,
            server,
            tmp_path,
            {"c.txt": DOCUMENT},
            variables,
            settings=calls,
        )
        study.fill()
        bodies = [call.body for call in server.calls]
    cells = study.cells()
    assert {name: cells["c.txt", name].value for name in ("supplier", "price", "urgent")} == {
        "supplier": "Mill Ltd", "price": 1250, "urgent": True,
    }  # fmt: skip
    assert {cells["c.txt", one["name"]].state for one in attacked} == {"ABSENT"}
    assert len(bodies) == -(-len(variables) // size)
    assert not [words for body in bodies for words in escaped_words(body)]
    assert CANARY in json.dumps(bodies)
    assert len({body["messages"][0]["content"] for body in bodies}) == 1
