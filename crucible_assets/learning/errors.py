"""Errors of the learning stage."""


class LearningError(ValueError):
    """Something that people gave cannot be used; the message says what, where, and what to mend."""


class FeedbackFileError(LearningError):
    """A file of verdicts cannot be read as a whole. Single lines that cannot be used are listed instead."""


class LanguageModelNeededError(LearningError):
    """Wording instructions anew takes a language model; the reader is none."""
