"""`pause`, `resume`, `cancel` and `trace`: a person's hand on a task, and the way back from a value to its words."""

from __future__ import annotations

import re


def test_a_value_is_traced_to_its_words_its_prompt_and_its_call(extracted):
    code, said = extracted.run("trace", "contracts", "contract-002.txt", "price")
    assert code == 0, said
    assert "price of contract-002.txt: 1002" in said
    assert re.search(r"evidence EXACT at \d+-\d+, .*1002", said)
    assert "prompt version 1" in said
    assert re.search(r"call [0-9a-f]{12} EXTRACT to local:\S* about 0-\d+, chunk 1: ", said)


def test_a_cell_that_is_not_there_is_named(extracted):
    code, said = extracted.run("trace", "contracts", "contract-002.txt", "weight")
    assert code == 2, said
    assert "has no cell weight of contract-002.txt" in said


def test_a_project_without_an_unfinished_task_has_nothing_to_pause(extracted):
    for word in ("pause", "resume", "cancel"):
        code, said = extracted.run(word, "contracts")
        assert code == 2, said
        assert "no project of this name has an unfinished task" in said


def test_an_ended_task_is_left_as_it_is(extracted):
    _, shown = extracted.run("status", "contracts")
    task = re.search(r"task ([0-9a-f-]{36}) FULL COMPLETED", shown)
    assert task
    code, said = extracted.run("cancel", task.group(1))
    assert code == 2, said
    assert "is COMPLETED: there is nothing to cancel" in said


def test_costs_are_shown_by_variable_and_by_document(extracted):
    code, said = extracted.run("costs", "contracts")
    assert code == 0, said
    assert re.search(r"│ price +│ +5 │ +0 │", said)
    assert re.search(r"│ all calls +│ +20 │", said)
    code, said = extracted.run("costs", "contracts", "--by", "document")
    assert re.search(r"│ contract-001.txt +│ +4 │", said), said
    code, said = extracted.run("costs", "nothing")
    assert code == 2
    assert "There is no project nothing" in said
