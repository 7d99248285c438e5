"""The engine lane: the one worker thread that owns a live model. Knows no screen.

Calls run one after another in the order they were submitted. A call that is cancelled rolls back
before it returns, and only then does the next one begin.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class EngineLane:
    """A single worker thread.

    Args:
        name: Of the thread.
    """

    def __init__(self, name: str = "engine-lane") -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._futures: set[Future[object]] = set()
        self._lock = threading.Lock()

    def submit(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Queue a call.

        Raises:
            RuntimeError: The lane is closed.
        """
        future = self._pool.submit(call, *args, **kwargs)
        with self._lock:
            self._futures.add(future)  # type: ignore[arg-type]
        future.add_done_callback(self._forget)
        return future

    @property
    def busy(self) -> bool:
        """Whether a call runs or waits."""
        with self._lock:
            return bool(self._futures)

    def close(self, timeout: float = 5.0) -> bool:
        """Drop what waits, give what runs `timeout` seconds, and take no more.

        Set the running call's stop flag first. Returns whether the lane is idle.
        """
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            running = set(self._futures)
        return not wait(running, timeout=timeout).not_done

    def _forget(self, future: Future[T]) -> None:
        with self._lock:
            self._futures.discard(future)
