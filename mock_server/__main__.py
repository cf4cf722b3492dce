"""`python -m mock_server`: the same server from a terminal, for one person or a whole class."""

import argparse
import signal
import sys

from mock_server.listening import PREFERRED_PORT
from mock_server.server import banner, prepare


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m mock_server", description=__doc__)
    parser.add_argument("--port", type=int, help=f"default: {PREFERRED_PORT}, or a free one when that is taken")
    parser.add_argument("--seed", type=int, help="the same tokens at every run, and a clock that stands still")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--expose", action="store_true", help="allow a --host that other machines can reach")
    arguments = parser.parse_args()
    try:
        server = prepare(
            arguments.port, seed=arguments.seed, clients=None, host=arguments.host, expose=arguments.expose
        )
    except (OSError, ValueError) as error:
        print(f"The mock server did not start: {error}", file=sys.stderr)
        return 1
    # Ctrl-C and `kill` are how this program ends, and no fault.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: server.stop())
    print(banner(server, asked_for=arguments.port), flush=True)
    server.serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
