"""What stands under a field's label, whatever it is."""

from resources.models.reader.scoring import Candidate, Evidence, Question
from resources.models.reader.spans import Span


def labelled(question: Question, longest: int) -> list[Candidate]:
    """What stands under the field's label, cut at the end of its first sentence when it is long."""
    text = question.analysis.text
    found = []
    for pair, strength in question.labelled:
        if strength < 0.45 or pair.value.end <= pair.value.start:
            continue
        end = pair.value.end
        if end - pair.value.start > longest:
            number = question.analysis.sentence_at(pair.value.start)
            stop = question.analysis.sentences[number].end if number is not None else end
            end = min(end, stop)
            if end - pair.value.start > 2 * longest:
                continue
        span = Span(pair.value.start, end)
        found.append(Candidate(span.of(text), span, pair.row, Evidence(label=strength, fit=0.95)))
    return found
