"""Virus scanning, by a clamd that speaks INSTREAM over a real socket."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from resources.scanning import Scanner, ScannerUnavailableError, scanner_from_environment
from resources.settings import SettingsError
from tests.sidecar.context.conftest import send

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
CLEAN = b"The applicant asked for a loan of 900 EUR on Monday, and it was refused on Tuesday.\n"


def judge(data: bytes) -> bytes:
    return b"stream: Eicar-Test-Signature FOUND\0" if EICAR in data else b"stream: OK\0"


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def _serve(connection: socket.socket, answer: Callable[[bytes], bytes | None]) -> None:
    with connection:
        assert _exactly(connection, 10) == b"zINSTREAM\0"
        data = b""
        while length := struct.unpack(">I", _exactly(connection, 4))[0]:
            data += _exactly(connection, length)
        reply = answer(data)
        if reply is not None:
            connection.sendall(reply)


@contextmanager
def clamd(answer: Callable[[bytes], bytes | None] = judge, path: str | None = None) -> Iterator[str]:
    server = socket.create_server(("127.0.0.1", 0)) if path is None else socket.socket(socket.AF_UNIX)
    if path is not None:
        server.bind(path)
        server.listen()

    def accept() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=_serve, args=(connection, answer), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield path or f"127.0.0.1:{server.getsockname()[1]}"
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def test_an_infected_file_is_refused_with_its_signature(researcher, monkeypatch):
    with clamd() as address:
        monkeypatch.setenv("CRUCIBLE_CLAMD", address)
        answer = send(researcher, ("virus.txt", EICAR + b" " + CLEAN), ("clean.txt", CLEAN * 9000))
    found = {item["name"]: (item["outcome"], item["reason"]) for item in answer.json()["files"]}
    assert found == {"virus.txt": ("REFUSED", "INFECTED"), "clean.txt": ("NEW", None)}
    assert "Eicar-Test-Signature" in answer.json()["files"][0]["message"]


def test_a_scanner_that_is_down_takes_nothing(researcher, monkeypatch, installation, tenant):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    monkeypatch.setenv("CRUCIBLE_CLAMD", address)
    answer = send(researcher, ("clean.txt", CLEAN))
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert researcher.get("/v1/context", params={"project_id": "study"}).json()["items"] == []
    assert [p for p in (installation.settings.home / "files" / tenant).rglob("*") if p.is_file()] == []


@pytest.mark.parametrize(
    "answer", [b"INSTREAM size limit exceeded. ERROR\0", b"", b"stream: OK FOUND maybe\0", b"x" * 10_000]
)
def test_an_answer_that_is_none_is_no_clean_bill(tmp_path, answer):
    file = tmp_path / "a"
    file.write_bytes(CLEAN)
    with clamd(lambda _: answer) as address:
        scanner = scanner_from_environment({"CRUCIBLE_CLAMD": address})
        assert scanner is not None
        with pytest.raises(ScannerUnavailableError):
            scanner.scan(file)


def test_a_scanner_that_says_nothing_is_given_up(tmp_path):
    file = tmp_path / "a"
    file.write_bytes(CLEAN)
    waiting = threading.Event()
    with clamd(lambda _: waiting.wait(5) and None) as address:
        host, _, port = address.partition(":")
        with pytest.raises(ScannerUnavailableError):
            Scanner((host, int(port)), seconds=0.2).scan(file)
        waiting.set()


def test_a_unix_socket_will_do(tmp_path):
    file = tmp_path / "a"
    file.write_bytes(EICAR)
    with clamd(path=str(tmp_path / "clamd.sock")) as address:
        scanner = scanner_from_environment({"CRUCIBLE_CLAMD": address})
        assert scanner is not None
        assert scanner.scan(file) == "Eicar-Test-Signature"


@pytest.mark.parametrize("address", ["clamd", "clamd:0", "clamd:99999", "http://clamd:3310"])
def test_an_address_that_is_none_is_said(address):
    with pytest.raises(SettingsError, match="CRUCIBLE_CLAMD"):
        scanner_from_environment({"CRUCIBLE_CLAMD": address})


def test_no_address_is_no_scanner():
    assert scanner_from_environment({}) is None
