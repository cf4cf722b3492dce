"""The load of the benchmarks, in a process of its own.

    token_load.py PORT CONNECTIONS SECONDS SERVER_PID CLIENT_ID SECRET   prints answers a second, and answers a CPU-second
                                                                         of the server
    token_load.py PORT waits CLIENT_ID SECRET                            prints the median and the longest wait in ms
"""

import asyncio
import os
import socket
import statistics
import sys
import time

import psutil


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as the last answer is whole. All answers must be as long as the first."""

    def __init__(self, request: bytes, counted: list[int]) -> None:
        self._request = request
        self._counted = counted
        self._length = 0
        self._seen = b""

    def connection_made(self, transport) -> None:
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._seen += data
        if not self._length:
            head, end, _ = self._seen.partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 200"):
                sys.exit(f"expected a token, saw {self._seen.decode('latin-1')[:300]}")
            declared = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            self._length = len(head) + 4 + int(declared[15:])
        if len(self._seen) >= self._length:
            if not self._seen.startswith(b"HTTP/1.1 200"):
                sys.exit(f"expected a token, saw {self._seen.decode('latin-1')[:300]}")
            self._counted[0] += 1
            self._seen = self._seen[self._length :]
            self._transport.write(self._request)


def _stay_awake(loop: asyncio.AbstractEventLoop) -> None:
    """A load that sleeps is woken by the server's own system call, which then costs a slow server more than a fast one."""
    loop.call_soon(_stay_awake, loop)


async def _load(port: int, connections: int, seconds: float, request: bytes, server: psutil.Process) -> None:
    counted = [0]
    loop = asyncio.get_running_loop()
    for _ in range(connections):
        await loop.create_connection(lambda: _Connection(request, counted), "127.0.0.1", port)
    _stay_awake(loop)
    await asyncio.sleep(0.2)
    before, cpu, began = counted[0], sum(server.cpu_times()[:2]), time.perf_counter()
    await asyncio.sleep(seconds)
    answered, wall = counted[0] - before, time.perf_counter() - began
    cpu = sum(server.cpu_times()[:2]) - cpu
    print(answered / wall, answered / cpu, flush=True)
    os._exit(0)


def token_request(client_id: str, secret: str) -> bytes:
    body = f"grant_type=client_credentials&client_id={client_id}&client_secret={secret}".encode()
    head = f"POST /token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _waits(port: int, request: bytes) -> None:
    """One client, one request at a time, 200 of them, each after a pause in which the server's process turns to other things."""
    waits = []
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(200):
            time.sleep(0.005)
            began, answer = time.perf_counter(), b""
            client.sendall(request)
            while not answer.endswith(b"}"):
                answer += client.recv(65536)
            waits.append((time.perf_counter() - began) * 1000)
    print(statistics.median(waits), max(waits))


if __name__ == "__main__":
    port, what, *rest = sys.argv[1:]
    if what == "waits":
        _waits(int(port), token_request(*rest))
    else:
        seconds, pid, *client = rest
        asyncio.run(_load(int(port), int(what), float(seconds), token_request(*client), psutil.Process(int(pid))))
