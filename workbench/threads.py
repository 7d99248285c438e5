"""How the numeric libraries' threads wait. Must be set before torch is first imported."""

from __future__ import annotations

import os

_WAITING = {
    # OpenMP threads spin while they wait by default. Beside a live screen, or on a machine that
    # others use too, that starves everybody: measured five times slower on two shared cores.
    "OMP_WAIT_POLICY": "PASSIVE",
    "GOMP_SPINCOUNT": "0",
    "KMP_BLOCKTIME": "0",
    # The tokenizer's own pool does nothing for single prompts, and warns when a process forks.
    "TOKENIZERS_PARALLELISM": "false",
}


def wait_politely() -> None:
    """Let idle threads sleep, unless the user has set it otherwise."""
    for name, value in _WAITING.items():
        os.environ.setdefault(name, value)
