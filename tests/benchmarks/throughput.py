"""What the server costs and how fast it answers, next to the ceiling of its parts and to a peer.

    python tests/benchmarks/throughput.py [--seconds 2]

Every server runs in a process of its own, on a core of its own where the system allows that, and gets the same
requests from another process. "bare" is uvicorn with httptools that answers the same bytes to everything: the
ceiling. "Authlib" is Authlib in Flask on waitress with the same grant. The servers take turns in rounds, and
medians are given. "of bare" compares requests a CPU-second of the server: other programs disturb it less.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

CONNECTIONS = (1, 16, 64)
ROUNDS = 3
#: The name in the table: client id and secret at our server. One whose client the server lacks is left out.
CLIENTS = {
    "opaque": ("myapp123", "secret456"),
    "ES256": ("jwt-app", "secret456"),
    "EdDSA": ("jwt-eddsa", "secret456"),
    "RS256": ("jwt-rsa", "secret456"),
}
START = """
import socket, sys, time
import mock_server
began = time.perf_counter()
server = mock_server.start(0)
with socket.create_connection(("127.0.0.1", server.port)) as client:
    client.sendall(b"GET / HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n\\r\\n")
    client.recv(65536)
answered = time.perf_counter()
server.stop()
print((answered - began) * 1000, (time.perf_counter() - answered) * 1000)
"""


def child(*command: object, core: int | None = None) -> subprocess.Popen:
    """Another Python process, on a core of its own where there are two to choose from."""
    environment = os.environ | {"PYTHONPATH": str(HERE.parents[1])}
    process = subprocess.Popen([sys.executable, *map(str, command)], stdout=subprocess.PIPE, env=environment, text=True)
    if core is not None and hasattr(os, "sched_setaffinity") and len(cores := sorted(os.sched_getaffinity(0))) > 1:
        os.sched_setaffinity(process.pid, {cores[core]})
    return process


@contextlib.contextmanager
def serving(name: str, core: int | None = 0) -> Iterator[tuple[subprocess.Popen, int]]:
    """A server of `servers_measured.py` and its port."""
    server = child(HERE / "servers_measured.py", name, core=core)
    try:
        yield server, int(server.stdout.readline())
    finally:
        server.kill()
        server.wait()


def measure(server: subprocess.Popen, port: int, connections: int, seconds: float, client: tuple[str, str]) -> list[float]:
    """Requests a second, and requests a CPU-second of the server."""
    load = child(HERE / "token_load.py", port, connections, seconds, server.pid, *client, core=1)
    figures = load.communicate()[0].split()
    if not figures:
        raise SystemExit(f"The load on port {port} failed; see the line above.")
    return list(map(float, figures))


def report_throughput(seconds: float) -> dict[str, float]:
    """Prints the table; gives the requests a CPU-second of each row at the most connections."""
    from mock_server.oauth.clients import teaching_clients

    known = [name for name, client in CLIENTS.items() if teaching_clients().with_secret(*client)]
    rows = [("bare", "bare"), *((name, "kit") for name in known), ("Authlib", "authlib")]
    found: dict[tuple[str, int], list[list[float]]] = {}
    with contextlib.ExitStack() as stack:
        servers = {name: stack.enter_context(serving(name)) for name in ("bare", "kit", "authlib")}
        for _ in range(ROUNDS):
            for count in CONNECTIONS:
                for row, name in rows:
                    client = CLIENTS.get(row, CLIENTS["opaque"])
                    found.setdefault((row, count), []).append(measure(*servers[name], count, seconds / ROUNDS, client))
        memory = {name: psutil.Process(server.pid).memory_info().rss / 2**20 for name, (server, _) in servers.items()}
    print(" " * 8 + "".join(f"{f'{count} connections':>30}" for count in CONNECTIONS))
    print(" " * 8 + f"{'a second':>11}{'a CPU-s':>9}{'of bare':>10}" * len(CONNECTIONS))
    for row, _ in rows:
        print(f"{row:8}" + "".join(_cell(found[row, count], found["bare", count]) for count in CONNECTIONS))
    print("memory after all this: " + ", ".join(f"{name} {size:.0f} MB" for name, size in memory.items()))
    return {row: statistics.median(figures[1] for figures in found[row, CONNECTIONS[-1]]) for row, _ in rows}


def _cell(rounds: list[list[float]], bare: list[list[float]]) -> str:
    rate, per_cpu = (statistics.median(figures[i] for figures in rounds) for i in (0, 1))
    return f"{rate:11.0f}{per_cpu:9.0f}{per_cpu / statistics.median(figures[1] for figures in bare):10.0%}"


def report_signing(reached: dict[str, float]) -> None:
    """OpenSSL's own rate through `cryptography`, on one core: what no server that signs can beat."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

    rsa_key, ec_key = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())
    ed_key = ed25519.Ed25519PrivateKey.generate()
    message = b"a" * 300
    signers = {
        "ES256": lambda: ec_key.sign(message, ec.ECDSA(hashes.SHA256())),
        "EdDSA": lambda: ed_key.sign(message),
        "RS256": lambda: rsa_key.sign(message, padding.PKCS1v15(), hashes.SHA256()),
    }
    rates = []
    for name, sign in signers.items():
        count, began = 0, time.process_time()
        while (spent := time.process_time() - began) < 0.5:
            sign()
            count += 1
        share = f" (the server reaches {reached[name] * spent / count:.0%} of it)" if name in reached else ""
        rates.append(f"{name} {count / spent:.0f}{share}")
    print(f"OpenSSL signs a CPU-second: {', '.join(rates)}")


def report_crowd(seconds: float) -> None:
    """What a token costs where many tokens live or many clients are registered. Every measurement has a server of its own."""
    found: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name in ("kit", "tokens", "clients"):
            with serving(name) as (server, port):
                # The first measurement warms up a server that has answered nothing yet.
                for _ in range(2):
                    _, per_cpu = measure(server, port, CONNECTIONS[-1], seconds / ROUNDS, CLIENTS["opaque"])
                found.setdefault(name, []).append(per_cpu)
    costs = {name: 1_000_000 / statistics.median(rates) for name, rates in found.items()}
    for name, what in (("tokens", "with 100,000 live tokens"), ("clients", "with 10,000 registered clients")):
        print(f"a request {what}: {costs[name]:.1f} us, {costs[name] / costs['kit'] - 1:+.1%} against {costs['kit']:.1f} us without")


def report_start() -> None:
    """From `start()` to the first answer and from `stop()` to its return, in processes that have imported the kit."""
    figures = [list(map(float, child("-c", START).communicate()[0].splitlines()[-1].split())) for _ in range(5)]
    first, stop = (statistics.median(column) for column in zip(*figures, strict=True))
    print(f"start to first answer: median {first:.0f} ms, slowest of 5 {max(each[0] for each in figures):.0f} ms; stop: {stop:.0f} ms")


def report_spinning_cell() -> None:
    """How long one client waits for an answer while the main thread of the server's process computes without a pause."""
    for name, what in (("resting", "at rest"), ("spinning", "while a cell spins")):
        # On all cores: the system puts the two threads where it likes, as it does with a kernel's.
        with serving(name, core=None) as (_, port):
            waits = child(HERE / "token_load.py", port, "waits", *CLIENTS["opaque"]).communicate()[0]
        median, slowest = map(float, waits.split())
        print(f"an answer {what}: median {median:.1f} ms, slowest of 200 {slowest:.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each figure (default: %(default)s)")
    seconds = parser.parse_args().seconds
    report_signing(report_throughput(seconds))
    report_crowd(seconds)
    report_start()
    report_spinning_cell()


if __name__ == "__main__":
    main()
