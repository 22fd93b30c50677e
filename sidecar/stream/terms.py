"""How streams are served."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Terms:
    """Seconds and numbers; `origins` are those of web pages on other hosts that may open WebSockets."""

    life: float = 600.0  # then a stream ends, and the client connects again
    look_again: float = 20.0  # whether who listens still may
    poll: float = 2.0  # a look at the table without a notification
    poll_deaf: float = 1.0  # the same while the listening connection is broken
    while_busy: float = 0.1  # between looks as long as each finds something: notifications come four times a second
    apart: float = 0.03  # at least, between two looks
    send: float = 30.0  # a client that takes nothing for so long is given up
    most: int = 20  # streams of one principal, in this process
    page: int = 200  # facts read at once
    kept: int = 1000  # facts of one task that are held for those who are a little behind
