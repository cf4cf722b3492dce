"""Names that may be used once: the `jti` of client assertions (RFC 7523 §3) and of DPoP proofs (RFC 9449 §11.1)."""

import hashlib
import heapq
import threading


class ReplayMemory:
    """Which names were used, until they could not be used again anyway. Bounded; a digest of each is kept."""

    MOST_NAMES = 200_000

    def __init__(self) -> None:
        self._used: set[bytes] = set()
        self._soonest_first: list[tuple[float, bytes]] = []
        self._lock = threading.Lock()

    def use(self, now: float, forget_at: float, *name: str) -> bool:
        """Whether the name was still unused; from now on it is not, until the time `forget_at`.

        A full memory takes no new names: a name that is forgotten early could be used again.
        """
        digest = hashlib.sha256("\0".join(f"{len(part)}:{part}" for part in name).encode("utf-8", "replace")).digest()[:16]
        with self._lock:
            while self._soonest_first and self._soonest_first[0][0] < now:
                self._used.discard(heapq.heappop(self._soonest_first)[1])
            if digest in self._used or len(self._used) >= self.MOST_NAMES:
                return False
            self._used.add(digest)
            heapq.heappush(self._soonest_first, (forget_at, digest))
            return True

    def __len__(self) -> int:
        return len(self._used)
