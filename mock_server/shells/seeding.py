"""The application and its clock as a seed makes them, the same behind every shell."""

import random
import secrets

from mock_server.application import Application
from mock_server.clock import Clock
from mock_server.faults import Faults
from mock_server.oauth.clients import Clients, teaching_clients
from mock_server.oauth.signing_keys import fresh_key, teaching_key


def seeded(seed: int | None = 1, clients: Clients | None = None, **settings: object) -> tuple[Application, Clock]:
    """`settings` are those of `Application`. With a `seed` the same tokens, keys and faults at every run, and a clock that stands still;
    with None secret tokens and keys, and time that runs."""
    clock = Clock.running() if seed is None else Clock.stopped()
    application = Application(
        clients=teaching_clients() if clients is None else clients,
        random_bytes=secrets.token_bytes if seed is None else random.Random(seed).randbytes,
        new_key=fresh_key if seed is None else teaching_key,
        **settings,
        # A source of its own, so that a fault changes no token that comes after it.
        faults=Faults((random.SystemRandom() if seed is None else random.Random(f"faults of {seed}")).random),
        api_skew=lambda: clock.api_skew,
    )
    return application, clock
