"""Whether the server stays whole under a crowd: many clients at once for a minute, without an error, and without
growing by more than the tokens that live.

    python tests/benchmarks/sustained_load.py [--clients 500] [--seconds 60]

Each client keeps a connection and repeats: get a token, call the API with it twenty times, be refused once. Now and then
one leaves in the middle of a request and comes back. Prints answers, errors and the server's memory; exits with 1 where
an answer was wrong or missing.
"""

import argparse
import asyncio
import sys
import time
from collections import Counter

import psutil
from throughput import CLIENTS, serving
from token_load import token_request

REFUSED = b"GET /api/stations HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
CALLS = 20
#: Of how many rounds one ends with half a request.
ROUNDS_TO_A_LEAVE = 10


async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes, status: int, seen: Counter) -> bytes:
    """The body of the answer, which is counted."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    body = await reader.readexactly(length)
    seen["answers" if head.startswith(b"HTTP/1.1 %d " % status) else f"not a {status}: {head[:12]!r}"] += 1
    return body


async def client(port: int, until: float, seen: Counter) -> None:
    rounds = 0
    reader = writer = None
    while time.monotonic() < until:
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            body = await answered(reader, writer, token_request(*CLIENTS["opaque"]), 200, seen)
            seen["tokens"] += 1
            token = body.split(b'"')[3]
            call = b"GET /api/stations HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + token + b"\r\n\r\n"
            for _ in range(CALLS):
                await answered(reader, writer, call, 200, seen)
            await answered(reader, writer, REFUSED, 401, seen)
            rounds += 1
            if rounds % ROUNDS_TO_A_LEAVE == 0:
                writer.write(call[: len(call) // 2])
                writer.transport.abort()
                writer = None
        except (OSError, asyncio.IncompleteReadError, IndexError) as error:
            seen[repr(error)] += 1
            writer = None
    if writer is not None:
        writer.close()


async def load(port: int, server: psutil.Process, clients: int, seconds: float) -> Counter:
    seen: Counter = Counter()
    until = time.monotonic() + seconds
    running = [asyncio.create_task(client(port, until, seen)) for _ in range(clients)]
    while time.monotonic() < until:
        await asyncio.sleep(min(seconds / 6, max(until - time.monotonic(), 0)))
        memory = server.memory_info().rss / 2**20
        print(f"{seconds - max(until - time.monotonic(), 0):5.0f} s: {seen['answers']:8} answers, {seen['tokens']} tokens that live, {memory:.1f} MB", flush=True)
    await asyncio.wait_for(asyncio.gather(*running), 30)
    return seen


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=500, help="at once (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=60.0, help="(default: %(default)s)")
    arguments = parser.parse_args()
    with serving("kit") as (child, port):
        server = psutil.Process(child.pid)
        before = server.memory_info().rss
        seen = asyncio.run(load(port, server, arguments.clients, arguments.seconds))
        grown = server.memory_info().rss - before
    print(f"memory grew by {grown / 2**20:.1f} MB, which is {grown / max(seen['tokens'], 1):.0f} bytes for each live token")
    errors = {what: count for what, count in seen.items() if what not in ("answers", "tokens")}
    print(f"{seen['answers']} answers to {arguments.clients} clients, errors: {errors or 'none'}")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
