import pytest

from crucible_assets.datasets.errors import GoldError
from crucible_assets.datasets.gold import parse_gold


def test_lines_become_documents_with_values_and_accepted_spellings():
    text = '\ufeff{"doc": "a.pdf", "gold": {"x": ["A", null, ""], "y": 5}}\n\n'
    text += '{"doc": "b.pdf", "gold": {"x": ["B\u2028C", "D"]}, "alternatives": {"x": [["b"]]}}\r\n'
    first, second = parse_gold(text, "gold.jsonl")
    assert first.values == {"x": (("A",),), "y": ((5,),)}
    assert second.values == {"x": (("B\u2028C", "b"), ("D",))}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "no JSON"),
        ("[]", "'doc'"),
        ('{"gold": {}}', "'doc'"),
        ('{"doc": 5, "gold": {}}', "'doc'"),
        ('{"doc": "b.pdf"}', "'gold'"),
        ('{"doc": "b.pdf", "gold": []}', "'gold'"),
        ('{"doc": "a.pdf", "gold": {}}', "already labelled on line 1"),
        ('{"doc": "b.pdf", "gold": {"x": ["v"]}, "alternatives": {"x": ["v"]}}', "no list of lists"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_with_its_file(line, says):
    with pytest.raises(GoldError, match=rf"gold\.jsonl, line 2: .*{says}"):
        parse_gold('{"doc": "a.pdf", "gold": {}}\n' + line, "gold.jsonl")


def test_an_empty_file_is_an_error():
    with pytest.raises(GoldError, match=r"gold\.jsonl: no line"):
        parse_gold("\n", "gold.jsonl")
