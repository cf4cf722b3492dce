"""How long a learner waits for the first token: import, start and first answer in a kernel that has just begun.

    python tests/benchmarks/first_token.py

Prints the median, the fastest and the slowest of ten cold kernels, in milliseconds.
"""

import json
import statistics

from jupyter_client.manager import start_new_kernel

CELL = """
import time
began = time.perf_counter()
import requests
from mock_server import start
server = start(0)
imported = time.perf_counter()
answer = requests.post(
    server.url + "/token",
    data={"grant_type": "client_credentials", "client_id": "myapp123", "client_secret": "secret456"},
    timeout=10,
)
answered = time.perf_counter()
assert answer.status_code == 200
"""


def first_token_ms() -> float:
    manager, client = start_new_kernel(kernel_name="python3", extra_arguments=["--log-level=ERROR"])
    try:
        reply = client.execute_interactive(
            CELL, user_expressions={"ms": "(answered - began) * 1000"}, output_hook=lambda _: None, timeout=60
        )
        return json.loads(reply["content"]["user_expressions"]["ms"]["data"]["text/plain"])
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def main() -> None:
    times = [first_token_ms() for _ in range(10)]
    print(f"first token: median {statistics.median(times):.0f} ms, from {min(times):.0f} to {max(times):.0f} ms")


if __name__ == "__main__":
    main()
