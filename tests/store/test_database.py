"""Opening a store file: pragmas, transactions, and every way a file can be unfit."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from romebench.errors import ExitCode, StoreError
from romebench.store import Database, Repository
from romebench.store.connection import driver_of, prefer_wal
from romebench.store.records import SessionRecord, StepDraft

NewSession = Callable[..., SessionRecord]
NewDraft = Callable[..., StepDraft]
Unprivileged = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder whose parents everyone may pass through, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


def test_makes_the_file_and_its_folder(path: Path) -> None:
    with Database.open(path) as database:
        assert database.path == path.resolve()
        assert Repository(database).sessions() == []
        assert database.check() == ()
    assert path.is_file()
    assert sorted(each.name for each in path.parent.iterdir()) == ["store.sqlite3"]


def test_pragmas_of_every_connection(database: Database) -> None:
    with database.read() as first, database.read() as second:
        for connection in (first, second):
            pragmas = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
                for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
            }
            assert pragmas == {
                "journal_mode": "wal",
                "foreign_keys": 1,
                "synchronous": 2,
                "busy_timeout": 5000,
            }


def test_delete_journal_where_wal_cannot_be_had(path: Path) -> None:
    path.parent.mkdir()

    def connect() -> sqlite3.Connection:
        # This VFS has no shared memory, like the file systems that can't do WAL.
        uri = f"{path.as_uri()}?vfs=unix-dotfile"
        return sqlite3.connect(uri, uri=True, isolation_level=None)

    engine = create_engine("sqlite://", creator=connect, poolclass=StaticPool)
    prefer_wal(engine)
    with engine.connect() as connection:
        mode = driver_of(connection).execute("PRAGMA journal_mode").fetchone()
    engine.dispose()
    assert mode == ("delete",)


def test_a_failed_write_leaves_nothing(
    repository: Repository, new_session: NewSession, new_draft: NewDraft
) -> None:
    session = repository.create_session(new_session())
    unfit = new_draft(diagnostics={"tensor": object()})
    with pytest.raises(Exception, match="not JSON serializable"):
        repository.commit_step(session.id, unfit, command="edit", params={})
    assert repository.step_lines(session.id) == []
    assert len(repository.operations(session.id)) == 1
    repository.commit_step(session.id, new_draft(), command="edit", params={})
    assert [line.step for line in repository.step_lines(session.id)] == [1]


@pytest.mark.parametrize(
    "content", [b"this is a letter", b"SQLite format 3\0 and then rubbish" * 40]
)
@pytest.mark.parametrize("read_only", [True, False])
def test_no_sqlite_file(path: Path, content: bytes, read_only: bool) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StoreError, match="no SQLite file") as caught:
        Database.open(path, read_only=read_only)
    assert str(path) in caught.value.message
    assert caught.value.hint
    assert caught.value.exit_code == ExitCode.STORE
    assert path.read_bytes() == content


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is a folder"):
        Database.open(tmp_path)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"(?i)not a directory|file exists"):
        Database.open(tmp_path / "file" / "store.sqlite3")


def test_read_only_makes_nothing(path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store"):
        Database.open(path, read_only=True)
    assert not path.parent.exists()


def test_read_only_reads_and_refuses_to_write(
    path: Path, database: Database, new_session: NewSession
) -> None:
    Repository(database).create_session(new_session())
    with Database.open(path, read_only=True) as second:
        repository = Repository(second)
        assert [line.name for line in repository.sessions()] == ["pocket"]
        with pytest.raises(StoreError, match="read-only"):
            repository.create_session(new_session("other"))
        # A reader sees what the writer writes next.
        Repository(database).create_session(new_session("later"))
        assert {line.name for line in repository.sessions()} == {"pocket", "later"}


def test_read_only_folder(
    open_folder: Path, new_session: NewSession, unprivileged: Unprivileged
) -> None:
    path = open_folder / "store.sqlite3"
    with Database.open(path) as database:
        Repository(database).create_session(new_session())
    os.chmod(path, 0o444)
    os.chmod(open_folder, 0o555)
    try:
        with unprivileged():
            with Database.open(path, read_only=True) as database:
                assert [line.name for line in Repository(database).sessions()] == ["pocket"]
            with pytest.raises(StoreError, match=r"not writable|can't be opened") as caught:
                Database.open(path)
            assert str(path) in caught.value.message
    finally:
        os.chmod(open_folder, 0o755)
    assert [each.name for each in open_folder.iterdir()] == ["store.sqlite3"]


def test_a_log_that_cannot_be_read_is_not_overlooked(
    open_folder: Path, new_session: NewSession, unprivileged: Unprivileged
) -> None:
    """A copy of a store and its log in a read-only folder: the log's steps must not be dropped."""
    path, copy = open_folder / "store.sqlite3", open_folder / "copy" / "store.sqlite3"
    copy.parent.mkdir()
    with Database.open(path) as database:
        Repository(database).create_session(new_session())
        for suffix in ("", "-wal"):
            source, target = Path(f"{path}{suffix}"), Path(f"{copy}{suffix}")
            target.write_bytes(source.read_bytes())
            os.chmod(target, 0o444)
    os.chmod(copy.parent, 0o555)
    try:
        with unprivileged(), pytest.raises(StoreError, match="unfinished log"):
            Database.open(copy, read_only=True)
    finally:
        os.chmod(copy.parent, 0o755)
    with Database.open(copy, read_only=True) as database:
        assert [line.name for line in Repository(database).sessions()] == ["pocket"]


def test_a_file_without_rights(open_folder: Path, unprivileged: Unprivileged) -> None:
    path = open_folder / "store.sqlite3"
    Database.open(path).close()
    os.chmod(path, 0o000)
    with unprivileged(), pytest.raises(StoreError, match="permission denied"):
        Database.open(path)


def test_locked_for_too_long(path: Path, database: Database, new_session: NewSession) -> None:
    repository = Repository(database)
    session = repository.create_session(new_session())
    with database.read() as connection:
        driver_of(connection).execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreError, match="another process has been writing") as caught:
            repository.touch(session.id)
        assert str(path) in caught.value.message
        assert repository.last_used() == "pocket", "readers go on"
    finally:
        other.close()
    repository.touch(session.id)


def test_full_disk(
    path: Path, database: Database, new_session: NewSession, new_draft: NewDraft
) -> None:
    repository = Repository(database)
    session = repository.create_session(new_session())
    repository.commit_step(session.id, new_draft(), command="edit", params={})
    before = (repository.step_lines(session.id), repository.operations(session.id))
    with database.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        driver_of(connection).execute(f"PRAGMA max_page_count = {pages + 20}")
    large = new_draft(parent=1, delta=os.urandom(1_000_000))
    with pytest.raises(StoreError, match="the disk is full") as caught:
        repository.commit_step(session.id, large, command="edit", params={})
    assert str(path) in caught.value.message
    assert "half written" in caught.value.hint
    assert (repository.step_lines(session.id), repository.operations(session.id)) == before
    assert database.check() == ()
    with database.read() as connection:
        driver_of(connection).execute("PRAGMA max_page_count = 1000000")
    assert repository.commit_step(session.id, large, command="edit", params={}).step == 2


def test_damage_is_named(path: Path, new_session: NewSession, new_draft: NewDraft) -> None:
    with Database.open(path) as database:
        repository = Repository(database)
        session = repository.create_session(new_session())
        draft = new_draft(delta=os.urandom(200_000))
        repository.commit_step(session.id, draft, command="edit", params={})
    content = bytearray(path.read_bytes())
    content[4096:20_480] = b"\xff" * 16_384
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged") as caught, Database.open(path) as database:
        Repository(database).sessions()
    assert ".recover" in caught.value.hint


def test_check_names_rows_that_point_nowhere(
    path: Path, database: Database, new_session: NewSession, new_draft: NewDraft
) -> None:
    repository = Repository(database)
    session = repository.create_session(new_session())
    repository.commit_step(session.id, new_draft(), command="edit", params={})
    assert database.check() == ()
    careless = sqlite3.connect(path, isolation_level=None)
    careless.execute("DELETE FROM steps")
    careless.close()
    problems = database.check()
    assert any("of deltas points to a missing row of steps" in line for line in problems)


def test_text_that_utf8_cannot_hold(repository: Repository, new_session: NewSession) -> None:
    with pytest.raises(StoreError, match="no valid text"):
        repository.create_session(new_session(model="gpt2\udcff"))
    kept = repository.create_session(new_session(contexts=("{}", "odd \udcff {}")))
    assert repository.session("pocket") == kept


@pytest.mark.parametrize("name", ["a store?.db", "50% #1.db", "füße.db", "tab\t.db"])
def test_odd_file_names(tmp_path: Path, name: str) -> None:
    Database.open(tmp_path / name).close()
    assert [each.name for each in tmp_path.iterdir()] == [name]
    Database.open(tmp_path / name, read_only=True).close()


def test_threads_share_a_database(
    database: Database, new_session: NewSession, new_draft: NewDraft
) -> None:
    repository = Repository(database)
    sessions = [repository.create_session(new_session(f"s{n}")) for n in range(4)]
    errors: list[BaseException] = []

    def commit(number: int) -> None:
        try:
            for parent in range(10):
                repository.commit_step(number, new_draft(parent), command="edit", params={})
                repository.sessions()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=commit, args=(session.id,)) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [line.steps for line in repository.sessions()] == [10] * 4


def test_processes_make_the_same_store_at_once(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from romebench.store import Database\n"
        "sys.stdin.readline(); Database.open(Path(sys.argv[1])).close()"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(path)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    with Database.open(path) as database:
        assert database.check() == ()


def test_importing_is_light() -> None:
    code = (
        "import sys\n"
        "import romebench.store.records\n"
        "assert 'sqlalchemy' not in sys.modules\n"
        "import romebench.store.repository, romebench.store.lock\n"
        "heavy = {'torch', 'transformers', 'numpy', 'alembic', 'textual', 'rich'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
