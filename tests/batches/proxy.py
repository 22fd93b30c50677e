"""A network that loses answers: requests of one kind reach the server, their answers never reach the client."""

import socket
import threading
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class LosingProxy:
    """Forwards to a server. The answer to a request whose first line begins with `lost` is read and thrown away.

    `hang`: the client waits for it for ever, as long as it lives; else its connection is closed. `let_through`: so
    many bytes of the answer reach the client.
    """

    def __init__(self, target: str, lost: str, *, hang: bool, let_through: int = 0) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._lost = lost.encode()
        self._hang = hang
        self._let_through = let_through
        self.swallowed = threading.Event()  # the server has answered, and the client does not know it
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        for one in self._open:
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._target)
            self._open += [client, server]
            losing = threading.Event()
            threading.Thread(target=self._forward, args=(client, server, losing), daemon=True).start()
            threading.Thread(target=self._back, args=(server, client, losing), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket, losing: threading.Event) -> None:
        try:
            while data := client.recv(65_536):
                if data.startswith(self._lost):
                    losing.set()
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)
        except OSError:
            server.close()

    def _back(self, server: socket.socket, client: socket.socket, losing: threading.Event) -> None:
        left = self._let_through
        try:
            while data := server.recv(65_536):
                if losing.is_set() and left:
                    client.sendall(data[:left])
                    left = max(0, left - len(data))
                    if left:
                        continue
                if not losing.is_set():
                    client.sendall(data)
                    continue
                self.swallowed.set()
                if not self._hang:
                    client.shutdown(socket.SHUT_RDWR)
                    return
            client.shutdown(socket.SHUT_WR)
        except OSError:
            client.close()
