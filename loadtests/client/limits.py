"""Limits: whether this machine can hold so many connections, and the limit of open files raised to what they need."""

from __future__ import annotations

import resource
from pathlib import Path

import psutil

SPARE_DESCRIPTORS = 100  # what a process opens for itself
BYTES_A_CONNECTION = 200_000  # the client's and the server's side together, measured generously
DEFAULT_PORTS = 28_232  # Linux: 32768 to 60999


class TooMany(Exception):
    """The machine can't hold so many connections; the text says what it takes."""


def raise_limits(connections: int) -> None:
    """Raise this process's limit of open files, which its children inherit. Raises: TooMany."""
    _raise_descriptors(connections)
    if connections > (ports := _ports()):
        raise TooMany(
            f"{connections} users need as many local ports, and this machine has {ports}: ask for fewer --users"
        )
    needed, free = connections * BYTES_A_CONNECTION, psutil.virtual_memory().available
    if needed > free:
        raise TooMany(
            f"{connections} users need about {needed // 10**6} MB, and {free // 10**6} MB are free: "
            "ask for fewer --users"
        )


def _raise_descriptors(connections: int) -> None:
    needed = connections + SPARE_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise TooMany(
            f"{connections} users need {needed} file descriptors a process, and the limit is {hard}: "
            f"raise it (ulimit -n {needed}) or ask for fewer --users"
        )
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _ports() -> int:
    file = Path("/proc/sys/net/ipv4/ip_local_port_range")
    if not file.exists():
        return DEFAULT_PORTS
    low, high = map(int, file.read_text().split())
    return high - low + 1
