"""How much time, memory and room a submission gets."""

from dataclasses import dataclass

_MB = 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    """Times are in seconds of the wall clock, sizes in bytes. `memory` is for all processes of a submission together."""

    call_seconds: float = 20
    notebook_seconds: float = 60
    submission_seconds: float = 120
    memory: int = 1024 * _MB
    address_space: int = 2048 * _MB
    processes: int = 64
    open_files: int = 64
    file_size: int = 16 * _MB
    disk: int = 32 * _MB
    cpu_seconds: int = 120

    @property
    def of_a_process(self) -> dict[str, int]:
        """By the names of the module `resource`."""
        return {
            "RLIMIT_AS": self.address_space,
            "RLIMIT_NPROC": self.processes,
            "RLIMIT_NOFILE": self.open_files,
            "RLIMIT_FSIZE": self.file_size,
            "RLIMIT_CPU": self.cpu_seconds,
            "RLIMIT_CORE": 0,
        }
