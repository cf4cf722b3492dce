"""Which Host headers mean this server (RFC 9110 §7.2)."""

import functools
import ipaddress
import re


@functools.lru_cache(maxsize=64)
def is_own_host(host: str, own_address: str) -> bool:
    """Whether a Host header names this machine, at any port.

    A page on the web may point its own name at 127.0.0.1 and then talk to this server from a learner's browser
    ("DNS rebinding"). The browser still sends that name as Host, and this is where it shows.
    """
    # RFC 3986 §3.2.2: an IPv6 address stands in brackets.
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(:[0-9]*)?", host.strip(" \t"))
    if found is None:
        return False
    name = found[1].strip("[]").lower()
    if name in ("localhost", own_address.lower()):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
