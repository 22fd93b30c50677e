"""Virus scanning by a clamd that runs elsewhere: the file is streamed to it (INSTREAM), nothing is sent by name.

Protocol: clamd(8), section COMMANDS. `zINSTREAM\\0`, then chunks, each after its length as four bytes, then a length
of zero; the answer is `stream: OK`, `stream: <signature> FOUND` or an error.
"""

import os
import re
import socket
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from resources.settings import SettingsError

_BLOCK: Final = 64 * 1024
_CONNECT_SECONDS: Final = 5.0
_SECONDS: Final = 60.0  # for one file
_MOST_ANSWER: Final = 4096
_TCP = re.compile(r"(?:tcp://)?(?P<host>\[[0-9a-fA-F:.]+\]|[^\s/:\[\]]+):(?P<port>\d{1,5})")


class ScannerUnavailableError(RuntimeError):
    """The scanner does not answer, or not as it should: nothing is known about the file."""


@dataclass(frozen=True, slots=True)
class Scanner:
    """Where clamd listens: (host, port), or the path of a Unix socket."""

    address: tuple[str, int] | str
    seconds: float = _SECONDS

    def scan(self, path: Path) -> str | None:
        """The name of the signature that a file matches; None when it is clean. Raises ScannerUnavailableError."""
        deadline = time.monotonic() + self.seconds
        try:
            with self._connect() as connection, path.open("rb") as file:
                answer = _ask(connection, file, deadline)
        except (OSError, EOFError) as error:
            raise ScannerUnavailableError(f"The virus scanner does not answer ({error}).") from error
        if answer == "stream: OK":
            return None
        found = re.fullmatch(r"stream: (.+) FOUND", answer)
        if found is None:
            raise ScannerUnavailableError(f"The virus scanner could not look at the file ({answer[:200]!r}).")
        return found[1][:200]

    def _connect(self) -> socket.socket:
        if not isinstance(self.address, str):
            return socket.create_connection(self.address, timeout=_CONNECT_SECONDS)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(_CONNECT_SECONDS)
            connection.connect(self.address)
        except BaseException:
            connection.close()
            raise
        return connection


def _ask(connection: socket.socket, file: IO[bytes], deadline: float) -> str:
    def send(data: bytes) -> None:
        connection.settimeout(max(0.001, deadline - time.monotonic()))
        connection.sendall(data)

    try:
        send(b"zINSTREAM\0")
        while block := file.read(_BLOCK):
            send(struct.pack(">I", len(block)) + block)
        send(struct.pack(">I", 0))
    except (BrokenPipeError, ConnectionResetError):
        pass  # clamd says why before it closes: its own size limit, for example
    answer = b""
    while b"\0" not in answer and len(answer) < _MOST_ANSWER:
        connection.settimeout(max(0.001, deadline - time.monotonic()))
        part = connection.recv(_MOST_ANSWER)
        if not part:
            break
        answer += part
    if not answer:
        raise EOFError("it closed the connection without an answer")
    return answer.split(b"\0")[0].decode("utf-8", "replace").strip()


def scanner_from_environment(env: Mapping[str, str] | None = None) -> Scanner | None:
    """The scanner that `CRUCIBLE_CLAMD` names (`host:port`, `tcp://host:port`, or the path of a Unix socket).

    None when it is not set. Raises SettingsError.
    """
    text = (os.environ if env is None else env).get("CRUCIBLE_CLAMD", "").strip()
    if not text:
        return None
    path = text.removeprefix("unix://")
    if path.startswith("/"):
        return Scanner(path)
    found = _TCP.fullmatch(text)
    if found is None or not 0 < int(found["port"]) < 65_536:
        raise SettingsError(f"CRUCIBLE_CLAMD={text!r}: write host:port or the path of a Unix socket.")
    return Scanner((found["host"].strip("[]"), int(found["port"])))
