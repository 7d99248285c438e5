"""One writer for one session, over processes and within one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from romebench.errors import ExitCode, SessionBusyError, StoreError
from romebench.store import WriterLock

HOLD = (
    "import sys; from pathlib import Path; from romebench.store import WriterLock\n"
    "WriterLock(Path(sys.argv[1]), sys.argv[2]).acquire()\n"
    "print('held', flush=True); sys.stdin.read()\n"
)


def holder_of(path: Path, uid: str) -> subprocess.Popen[str]:
    """A process that holds the lock until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), uid],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_process_is_told_who_writes(path: Path) -> None:
    process = holder_of(path, "uid")
    try:
        lock = WriterLock(path, "uid", "pocket")
        with pytest.raises(SessionBusyError) as caught:
            lock.acquire()
        assert not lock.held
        assert "'pocket'" in caught.value.message
        assert f"process {process.pid} on {socket.gethostname()}" in caught.value.message
        assert "read-only" in caught.value.hint
        assert caught.value.exit_code == ExitCode.STORE
        with WriterLock(path, "another session") as other:
            assert other.held
        process.communicate("", timeout=30)
        with lock:
            assert lock.held
    finally:
        process.kill()
        process.wait()


def test_the_lock_goes_with_its_holder(path: Path) -> None:
    process = holder_of(path, "uid")
    process.kill()
    process.wait()
    with WriterLock(path, "uid") as lock:
        assert lock.held


def test_two_in_one_process(path: Path) -> None:
    first, second = WriterLock(path, "uid"), WriterLock(path, "uid")
    first.acquire()
    first.acquire()
    with pytest.raises(SessionBusyError, match=f"process {os.getpid()} "):
        second.acquire()
    second.release()
    assert first.held
    first.release()
    first.release()
    second.acquire()
    second.release()


def test_one_file_by_two_names_has_one_lock(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    link = tmp_path / "link.sqlite3"
    link.symlink_to(path)
    with WriterLock(path, "uid"), pytest.raises(SessionBusyError):
        WriterLock(link, "uid").acquire()
    assert (path.parent / "locks" / "uid.lock").exists()


def test_a_holder_that_says_nothing(path: Path) -> None:
    """Between taking the lock and writing who holds it, or where the text is rubbish."""
    with WriterLock(path, "uid") as lock:
        lock.path.write_text("rubbish")
        with pytest.raises(SessionBusyError, match="by another process"):
            WriterLock(path, "uid").acquire()


def test_a_folder_without_rights(
    unprivileged: Callable[[], AbstractContextManager[None]], path: Path
) -> None:
    path.parent.mkdir()
    os.chmod(path.parent, 0o555)
    try:
        with unprivileged(), pytest.raises(StoreError, match=r"(?i)permission denied"):
            WriterLock(path, "uid").acquire()
    finally:
        os.chmod(path.parent, 0o755)
