"""Words within compounds, for texts in languages that write compounds as one word ('Einkommensbonus').

In such a text a stem of five letters and more also stands for the words that begin or end with it. Other texts are
left alone: there 'contract' in 'contractor' means something else.
"""

from resources.models.reader.analysis import Analysis

_SHORTEST = 5


def compound_postings(analysis: Analysis, word: str) -> list[int]:
    """The positions of compounds with the stem as first or last part; empty where the text writes none."""
    if len(word) < _SHORTEST or not analysis.compounding:
        return []
    return [position for whole in analysis.compounds(word) for position in analysis.postings[whole]]
