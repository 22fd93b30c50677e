"""A streamed answer, read: its sentences, the question that each answers, and whether there is no answer."""

import re
from dataclasses import dataclass

from crucible_assets.answers.checking.check import claims
from crucible_assets.answers.text.sentences import Said, SentenceReader
from crucible_assets.prompts.fences import FENCE

NO_ANSWER = "NO ANSWER"
"""Begins the line in which a model says that the sources do not answer."""
MOST_READ = 200_000
"""Characters of an answer; no model is let write so many, and what a server sends beyond them is not read."""
_UNSEEN = re.compile("[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
_LONGEST = 48  # characters of a line after which it is decided what it is
_NO_ANSWER = re.compile(r"[\s>#*_\"“„-]*(?:NO[ _]ANSWER\b|(?i:no answer)(?=[*_\"”]*\s*(?:[:.]|$)))[\s:.*_\"”—–-]*")
_QUESTION = re.compile(r"[\W_]*(?i:question|frage)\s*(\d{1,2})[\W_]*")


@dataclass(frozen=True, slots=True)
class QuestionLine:
    """From here on this question is answered, counted from 0."""

    question: int


@dataclass(frozen=True, slots=True)
class NoAnswerLine:
    """The sources do not answer the question; what follows tells what they do say."""


class LineReader:
    """Tells these lines from text, however the stream is cut; text is handed on unchanged and in its order."""

    def __init__(self, questions: int) -> None:
        """`questions` is how many were asked; of one there are no question lines."""
        self._questions = questions
        self._held = ""  # the beginning of a line of which it is not clear yet what it is
        self._inside = False  # of a line that is text

    def feed(self, stretch: str) -> list[str | QuestionLine | NoAnswerLine]:
        """What the stretch completes."""
        found: list[str | QuestionLine | NoAnswerLine] = []
        for part in re.findall(r"[^\n]*\n|[^\n]+", stretch):
            if self._inside:
                found.append(part)
                self._inside = not part.endswith("\n")
                continue
            self._held += part
            if part.endswith("\n") or len(self._held) >= _LONGEST:
                found += self.end()
        return found

    def end(self) -> list[str | QuestionLine | NoAnswerLine]:
        """What is still held."""
        held, self._held = self._held, ""
        if not held:
            return []
        self._inside = not held.endswith("\n")
        if match := _NO_ANSWER.match(held):
            rest = held[match.end() :]
            return [NoAnswerLine(), rest] if rest else [NoAnswerLine()]
        number = _QUESTION.fullmatch(held)
        if number and self._questions > 1 and 1 <= int(number[1]) <= self._questions:
            self._inside = False
            return [QuestionLine(int(number[1]) - 1)]
        return [held]


@dataclass(frozen=True, slots=True)
class Heard:
    """A sentence of an answer. `question` is what it answers, from 0; None: the model did not say which.

    `beside`: it does not answer, it tells what the sources say instead.
    """

    said: Said
    question: int | None
    beside: bool


class ReplyReader:
    """From stretches of a streamed answer to its sentences."""

    def __init__(self, questions: int) -> None:
        """`questions` is how many were asked."""
        self._lines = LineReader(questions)
        self._sentences = SentenceReader()
        self._question = 0 if questions == 1 else None
        self._beside = False
        self._read = 0
        self.refused = False  # it says of a question that the sources do not answer it

    def feed(self, stretch: str) -> list[Heard]:
        """The sentences that the stretch completes."""
        stretch = stretch[: MOST_READ - self._read]
        self._read += len(stretch)
        # signs that are not seen and turn the order of what is: a sum would be read otherwise than it is checked
        return self._heard(self._lines.feed(_UNSEEN.sub("", stretch)))

    def end(self) -> list[Heard]:
        """The sentences that the end of the stream completes."""
        return self._heard(self._lines.end()) + self._sentence(self._sentences.end())

    def _heard(self, pieces: list[str | QuestionLine | NoAnswerLine]) -> list[Heard]:
        found: list[Heard] = []
        for piece in pieces:
            if isinstance(piece, str):
                found += self._sentence(self._sentences.feed(piece))
                continue
            found += self._sentence(self._sentences.end())
            self._sentences = SentenceReader()
            self._beside = isinstance(piece, NoAnswerLine)
            if isinstance(piece, QuestionLine):
                self._question = piece.question
            else:
                self.refused = True
        return found

    def _sentence(self, said: list[Said]) -> list[Heard]:
        # a tag of the prompt that a model copies is no word of its answer
        plain = [Said(FENCE.sub("", one.text).strip(), one.labels) for one in said]
        return [Heard(one, self._question, self._beside) for one in plain if claims(one)]
