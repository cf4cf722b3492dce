"""`python -m mock_server`: the same server from a terminal, for one person or a whole class."""

import argparse
import signal
import sys

from mock_server.shells.listening import PREFERRED_PORT
from mock_server.shells.server import banner, prepare
from mock_server.shells.tls import KINDS


def main() -> int:
    # Each option has the name and the values of an argument of `mock_server.start`.
    settings = vars(_parser().parse_args())
    port = settings.pop("port")
    try:
        server = prepare(port, **settings)
    except (OSError, ValueError) as error:
        print(f"The mock server did not start: {error}", file=sys.stderr)
        return 1
    # Ctrl-C and `kill` are how this program ends, and no fault.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: server.stop())
    print(banner(server, asked_for=port), flush=True)
    if server.ca_file:
        print(f"Its clients trust {server.ca_file}", flush=True)
    server.serve()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mock_server", description=__doc__)
    parser.add_argument("--port", type=int, help=f"default: {PREFERRED_PORT}, or a free one when that is taken")
    parser.add_argument("--seed", type=int, help="the same tokens at every run, and a clock that stands still")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--expose", action="store_true", help="allow a --host that other machines can reach")
    parser.add_argument(
        "--tls",
        nargs="?",
        const=True,
        default=False,
        choices=[kind for kind in KINDS if kind is not True],
        help="https, with a right certificate or with one that clients must refuse",
    )
    parser.add_argument(
        "--basic", choices=("strict", "lenient"), default="strict", help="how HTTP Basic is read (default: %(default)s)"
    )
    parser.add_argument("--dpop-nonce", action="store_true", help="ask for a nonce in each DPoP proof")
    parser.add_argument(
        "--rate-limit", type=_rate, metavar="CALLS/SECONDS", help="how much the API takes from each client, as in 100/60"
    )
    return parser


def _rate(text: str) -> tuple[int, float]:
    calls, _, seconds = text.partition("/")
    try:
        return int(calls), float(seconds)
    except ValueError:
        raise argparse.ArgumentTypeError(f"saw {text!r}, expected calls and seconds, as in 100/60") from None


if __name__ == "__main__":
    sys.exit(main())
