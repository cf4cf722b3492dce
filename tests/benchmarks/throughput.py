"""How many token requests a second the server answers, next to the ceiling of its parts and to a peer.

    python tests/benchmarks/throughput.py [--seconds 2]

Every server runs in a process of its own, on a core of its own where the system allows that, and gets the same
requests from another process. "bare" is uvicorn with httptools that answers the same bytes to everything: the
ceiling. "Authlib" is Authlib in Flask on waitress with the same grant. The servers take turns in rounds, and
medians are given. "of bare" compares requests a CPU-second of the server: other programs disturb it less.
"""

import argparse
import os
import statistics
import subprocess
import sys
import threading
import time
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


def child(script: str, *arguments: object, core: int | None = None) -> subprocess.Popen:
    """A script of this folder in another process, on a core of its own where there are two to choose from."""
    environment = os.environ | {"PYTHONPATH": str(HERE.parents[1])}
    process = subprocess.Popen([sys.executable, HERE / script, *map(str, arguments)], stdout=subprocess.PIPE, env=environment, text=True)
    if core is not None and hasattr(os, "sched_setaffinity") and len(cores := sorted(os.sched_getaffinity(0))) > 1:
        os.sched_setaffinity(process.pid, {cores[core]})
    return process


def measure(server: subprocess.Popen, port: int, connections: int, seconds: float, client: tuple[str, str]) -> list[float]:
    """Requests a second, requests a CPU-second of the server, and how busy the load's own core was (0 to 1)."""
    load = child("token_load.py", port, connections, seconds, server.pid, *client, core=1)
    figures = load.communicate()[0].split()
    if not figures:
        raise SystemExit(f"The load on port {port} failed; see the line above.")
    return list(map(float, figures))


def report_throughput(seconds: float) -> None:
    from mock_server.clients import teaching_clients

    known = [name for name, client in CLIENTS.items() if teaching_clients().with_secret(*client)]
    rows = [("bare", "bare"), *((name, "kit") for name in known), ("Authlib", "authlib")]
    servers = {name: child("servers_measured.py", name, core=0) for name in ("bare", "kit", "authlib")}
    found: dict[tuple[str, int], list[list[float]]] = {}
    try:
        ports = {name: int(server.stdout.readline()) for name, server in servers.items()}
        for _ in range(ROUNDS):
            for count in CONNECTIONS:
                for row, name in rows:
                    client = CLIENTS.get(row, CLIENTS["opaque"])
                    figures = measure(servers[name], ports[name], count, seconds / ROUNDS, client)
                    found.setdefault((row, count), []).append(figures)
    finally:
        for server in servers.values():
            memory = psutil.Process(server.pid).memory_info().rss / 2**20 if server.poll() is None else 0
            server.memory = memory
            server.kill()
            server.wait()
    print(" " * 8 + "".join(f"{f'{count} connections':>30}" for count in CONNECTIONS))
    print(" " * 8 + f"{'a second':>11}{'a CPU-s':>9}{'of bare':>10}" * len(CONNECTIONS))
    for row, _ in rows:
        print(f"{row:8}" + "".join(_cell(found[row, count], found["bare", count]) for count in CONNECTIONS))
    busiest = max(figures[2] for rounds in found.values() for figures in rounds)
    print(f"the load's own core was at most {busiest:.0%} busy")
    print("memory after all this: " + ", ".join(f"{name} {server.memory:.0f} MB" for name, server in servers.items()))


def _cell(rounds: list[list[float]], bare: list[list[float]]) -> str:
    rate, per_cpu = (statistics.median(figures[i] for figures in rounds) for i in (0, 1))
    return f"{rate:11.0f}{per_cpu:9.0f}{per_cpu / statistics.median(figures[1] for figures in bare):10.0%}"


def report_signing() -> None:
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
        rates.append(f"{name} {count / spent:.0f}")
    print(f"OpenSSL signs a CPU-second: {', '.join(rates)}")


def report_start() -> None:
    """In a process that already runs and has imported the kit, as a kernel has."""
    from mock_server.server import prepare

    before, times = psutil.Process().memory_info().rss, []
    for _ in range(5):
        began = time.perf_counter()
        server = prepare(0)
        server.start()
        times.append((time.perf_counter() - began) * 1000)
        server.stop()
    grown = (psutil.Process().memory_info().rss - before) / 2**20
    print(f"start in a running process: median {statistics.median(times):.0f} ms; five starts left {grown:.1f} MB")


def report_spinning_cell() -> None:
    """How long one client waits for an answer while another thread of the server's process never pauses."""
    from mock_server.server import prepare

    server, done = prepare(0), threading.Event()
    server.start()

    def spin() -> None:
        while not done.is_set():
            sum(range(100))

    for what in ("at rest", "while a cell spins"):
        if what != "at rest":
            threading.Thread(target=spin, daemon=True).start()
        waits = child("token_load.py", server.port, "waits", *CLIENTS["opaque"])
        median, slowest = map(float, waits.communicate()[0].split())
        print(f"an answer {what}: median {median:.1f} ms, slowest of 200 {slowest:.1f} ms")
    done.set()
    server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each figure (default: %(default)s)")
    seconds = parser.parse_args().seconds
    report_throughput(seconds)
    raise SystemExit
    report_start()
    report_spinning_cell()


if __name__ == "__main__":
    main()
