"""Word lists, written as running text."""


def wordlist(text: str) -> list[str]:
    """The words of a text, in order."""
    return text.split()
