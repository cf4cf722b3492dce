"""Requests as plain values for the core, and the plainest client there is for the socket: bytes out, bytes in.

Nothing here reads HTTP with the kit's own reader, so the record is judged by somebody else's eyes.
"""

import base64
import json
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable

from mock_server.web.messages import Request, Response

NOW = 1_767_268_800.0
FORM = "application/x-www-form-urlencoded"
GOOD_BODY = b"grant_type=client_credentials&client_id=myapp123&client_secret=secret456"
GRANT = b"grant_type=client_credentials"


def token_request(body: bytes = GOOD_BODY, *headers: tuple[str, str], content_type: str = FORM) -> Request:
    """A POST to /token for `Application.handle`."""
    return Request("POST", "/token", (("host", "x"), ("content-type", content_type), *headers), body)


def api_request(method: str, target: str, *headers: tuple[str, str], body: bytes = b"") -> Request:
    return Request(method, target, (("host", "x"), *headers), body)


def basic(pair: str | bytes) -> tuple[str, str]:
    """An Authorization header with `pair` in base64, whatever it is."""
    raw = pair if isinstance(pair, bytes) else pair.encode("utf-8")
    return ("authorization", f"Basic {base64.b64encode(raw).decode('ascii')}")


def fields(response: Response) -> dict[str, object]:
    """The JSON object in the body."""
    return json.loads(response.body)


def raw_request(body: bytes = GOOD_BODY, *lines: str, start: str = "POST /token HTTP/1.1", length: bool = True) -> bytes:
    """A token request as bytes; `lines` are more header lines."""
    framing = [f"Content-Length: {len(body)}"] if length else []
    head = [start, "Host: 127.0.0.1", f"Content-Type: {FORM}", *framing, *lines, "", ""]
    return "\r\n".join(head).encode("latin-1") + body


class PlainClient:
    """One connection; `sent` and `received` are all that crossed it so far."""

    def __init__(self, server, seconds: float = 5.0) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=seconds)
        self.sent = bytearray()
        self.received = b""

    def send(self, data: bytes) -> "PlainClient":
        self.socket.sendall(data)
        self.sent += data
        return self

    def answers(self, count: int = 1, without_body: bool = False) -> list[bytes]:
        """The first `count` final answers on this connection; fewer where the server hangs up before."""
        while True:
            if self.received.count(b"\r\n\r\n") >= count:
                found = split_answers(self.received, without_body)
                if len(found) >= count:
                    return found
            data = self._receive()
            if not data:
                return split_answers(self.received, without_body)
            self.received += data

    def until_closed(self) -> bytes:
        """Everything up to the moment that the server hangs up."""
        while data := self._receive():
            self.received += data
        return self.received

    def _receive(self) -> bytes:
        try:
            return self.socket.recv(65536)
        except (ConnectionResetError, ConnectionAbortedError):
            return b""

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> "PlainClient":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def split_answers(raw: bytes, without_body: bool = False) -> list[bytes]:
    """The complete answers in `raw`, each together with a `100 Continue` before it."""
    answers, start, position = [], 0, 0
    while (end := raw.find(b"\r\n\r\n", position)) != -1:
        head = raw[position:end]
        position = end + 4
        if re.match(rb"HTTP/1\.1 1\d\d ", head):
            continue
        length = re.search(rb"(?im)^content-length: (\d+)\r?$", head)
        position += 0 if length is None or without_body else int(length[1])
        if position > len(raw):
            break
        answers.append(raw[start:position])
        start = position
    return answers


def ask(server, raw: bytes) -> bytes:
    """The answer to one request on a connection of its own."""
    with PlainClient(server) as client:
        return client.send(raw).answers()[0]


def status_of(answer: bytes) -> int:
    assert answer.startswith(b"HTTP/1.1 "), answer[:80]
    return int(answer[9:12])


def assert_still_serves(server) -> None:
    answer = ask(server, raw_request())
    assert status_of(answer) == 200, answer
    assert b'"access_token"' in answer


def wait_until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Return as soon as `condition()` holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} seconds: {condition}"
        time.sleep(0.005)


class Witness:
    """A relay between any client and the server that notes every byte that passes, each way."""

    def __init__(self, server) -> None:
        self.sent = b""
        self.received = b""
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._relay_one_connection, daemon=True)
        self._thread.start()

    def _relay_one_connection(self) -> None:
        with self._listener, self._listener.accept()[0] as client:
            with socket.create_connection(("127.0.0.1", self._server.port), timeout=10) as server:
                back = threading.Thread(target=self._back, args=(server, client), daemon=True)
                back.start()
                try:
                    while data := client.recv(65536):
                        self.sent += data
                        server.sendall(data)
                    server.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
                back.join(10)

    def _back(self, server: socket.socket, client: socket.socket) -> None:
        try:
            while data := server.recv(65536):
                self.received += data
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def __enter__(self) -> "Witness":
        return self

    def __exit__(self, *exception: object) -> None:
        self._thread.join(10)
        assert not self._thread.is_alive()


def curl(*arguments: str, data: bytes = b"") -> subprocess.CompletedProcess:
    """Real curl, without the settings and proxies of whoever runs the tests."""
    command = [shutil.which("curl") or "curl", "-q", "--silent", "--show-error", "--noproxy", "*", "--max-time", "10"]
    return subprocess.run([*command, *arguments], input=data, capture_output=True, timeout=20)
