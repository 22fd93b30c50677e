"""Where commands print: what documents, models and people wrote is shown, and is no order to the terminal."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from resources.visible import visible


class PlainConsole(Console):
    """A console whose texts hold no markup of rich (`[red]`), no emoji names, and no escape sequences."""

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, emoji=False, markup=False, **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """What is written, with signs that a terminal would obey made visible."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)


def make_console() -> PlainConsole:
    """A console for commands; wide enough for tables when the output is no terminal."""
    console = PlainConsole()
    return console if console.is_terminal else PlainConsole(width=150)
