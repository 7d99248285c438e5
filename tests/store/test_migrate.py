"""From one schema to the next: the copy, the one transaction, and what is refused."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from romebench.errors import StoreError
from romebench.store import Database, Repository
from romebench.store.migrate import RELEASED, Chain
from romebench.store.records import BranchRecord, CursorRecord, SessionRecord, StepDraft
from romebench.store.schema import APPLICATION_ID, Base

DATA = Path(__file__).parent / "data"

REBUILD = '''
"""Rebuilds the table of steps, which others point to, and fails where it is told to."""
import sqlalchemy as sa
from alembic import op
revision = "9999"
down_revision = "{head}"

def upgrade():
    with op.batch_alter_table("steps", recreate="always") as table:
        table.add_column(sa.Column("note", sa.Text(), nullable=False, server_default="kept"))
    {then}
'''


def chain_with(tmp_path: Path, then: str = "") -> Chain:
    """The released migrations and one more, in a folder of their own."""
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    released = files("romebench.store") / "migrations"
    (folder / "env.py").write_text((released / "env.py").read_text())
    for script in (released / "versions").iterdir():
        if script.name.endswith(".py"):
            (folder / "versions" / script.name).write_text(script.read_text())
    (folder / "versions" / "9999_more.py").write_text(REBUILD.format(head=RELEASED.head, then=then))
    return Chain(str(folder), (*RELEASED.revisions, "9999"))


@pytest.fixture
def filled(
    path: Path, new_session: Callable[..., SessionRecord], new_draft: Callable[..., StepDraft]
) -> Path:
    """A closed store of the released schema with a session of three steps."""
    with Database.open(path) as database:
        repository = Repository(database)
        session = repository.create_session(new_session())
        for parent in range(3):
            repository.commit_step(session.id, new_draft(parent), command="edit", params={})
    return path


def backups(path: Path) -> list[Path]:
    return sorted(each for each in path.parent.iterdir() if each.name.endswith(".backup"))


def test_the_chain_names_every_migration() -> None:
    config = Config()
    config.set_main_option("script_location", RELEASED.location)
    script = ScriptDirectory.from_config(config)
    walked = [each.revision for each in script.walk_revisions()]
    assert tuple(reversed(walked)) == RELEASED.revisions


def test_the_migrations_make_the_schema(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
        assert connection.exec_driver_sql("PRAGMA application_id").scalar_one() == APPLICATION_ID
        checks = connection.exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE name = 'steps'"
        ).scalar_one()
    for constraint in Base.metadata.tables["steps"].constraints:
        assert str(constraint.name) in checks


def test_a_store_of_the_first_release(path: Path) -> None:
    """The file as the first release wrote it, kept as SQL, opens with all it holds."""
    path.parent.mkdir()
    old = sqlite3.connect(path)
    old.executescript((DATA / "0001.sql").read_text(encoding="utf-8"))
    old.close()
    with Database.open(path) as database:
        assert database.check() == ()
        repository = Repository(database)
        session = repository.session("first light")
        assert session.seed == 2**64 - 1
        assert session.contexts == ("{}", "The. {}")
        assert session.watch is None
        assert repository.branches(session.id) == [
            BranchRecord("main", 2, "2026-01-02T03:04:05.000006+00:00"),
            BranchRecord("main-2", 3, "2026-01-02T03:04:05.000007+00:00"),
        ]
        assert repository.cursor(session.id) == CursorRecord("main-2", 3)
        lines = repository.step_lines(session.id)
        assert [(line.step, line.parent, line.depth) for line in lines] == [
            (1, 0, 1),
            (2, 1, 2),
            (3, 1, 2),
        ]
        step = repository.step(session.id, 3)
        assert step.request["subject"] == "東京"
        assert step.hparams["v_lr"] == 0.5
        assert step.losses[0]["loss"] == 2.5
        assert [delta.data for delta in repository.deltas(session.id, [3, 1])] == [b"d3", b"d1"]
        assert [each.text for each in repository.generations(session.id)] == ["東京 is in Malta"]
        assert [each.value for each in repository.measurements(session.id)] == [12.5]
        assert [each.status for each in repository.queue(session.id)] == ["done", "pending"]
        assert [each.command for each in repository.operations(session.id)] == ["create", "edit"]
        recovered = repository.recover(session.id)
        assert recovered is not None
        assert recovered.params == {"position": 2}


def test_perplexities_of_old_steps_are_found_in_their_vitals(path: Path) -> None:
    path.parent.mkdir()
    old = sqlite3.connect(path)
    old.executescript((DATA / "0001.sql").read_text(encoding="utf-8"))
    for step, found in ((1, "1.25"), (2, "NaN")):
        vitals = f'{{"delta_ratio":0.1,"perplexity_ratio":{found},"efficacy":true}}'
        old.execute("UPDATE step_details SET vitals = ? WHERE step = ?", (vitals, step))
    old.commit()
    old.close()
    with Database.open(path) as database:
        found = [line.perplexity_ratio for line in Repository(database).step_lines(1)]
    assert found[0] == 1.25
    assert found[1] is not None
    assert math.isnan(found[1]), "measured, and no number"
    assert found[2] is None, "not measured"


def test_nothing_is_copied_when_nothing_changes(filled: Path) -> None:
    Database.open(filled).close()
    assert backups(filled) == []


def test_migrates_with_a_copy_first(filled: Path, tmp_path: Path) -> None:
    with Database.open(filled) as database:
        before = Repository(database).step_lines(1)
    with Database.open(filled, migrations=chain_with(tmp_path)) as database:
        repository = Repository(database)
        assert repository.step_lines(1) == before
        assert len(list(repository.deltas(1, [1, 2, 3]))) == 3, "rebuilding took nothing along"
        with database.read() as connection:
            notes = connection.exec_driver_sql("SELECT note FROM steps").scalars().all()
            assert notes == ["kept"] * 3
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
        assert database.check() == ()
    (copy,) = backups(filled)
    assert f".{RELEASED.head}-" in copy.name
    with Database.open(copy) as database:
        assert Repository(database).step_lines(1) == before


@pytest.mark.parametrize(
    ("then", "message"),
    [
        ('raise RuntimeError("half way")', "half way"),
        ('op.execute("DELETE FROM steps WHERE step = 2")', "rows of .* point to"),
    ],
)
def test_a_migration_that_fails_leaves_the_file_as_it_was(
    filled: Path, tmp_path: Path, then: str, message: str
) -> None:
    with pytest.raises((StoreError, RuntimeError), match=message):
        Database.open(filled, migrations=chain_with(tmp_path, then))
    with Database.open(filled) as database:
        assert [line.step for line in Repository(database).step_lines(1)] == [1, 2, 3]
        assert database.check() == ()
    assert len(backups(filled)) == 1
    assert not list(filled.parent.glob("*.part"))


def test_read_only_does_not_migrate(filled: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=f"older schema {RELEASED.head}") as caught:
        Database.open(filled, read_only=True, migrations=chain_with(tmp_path))
    assert "Open it once for writing" in caught.value.hint
    assert backups(filled) == []


@pytest.mark.parametrize("read_only", [True, False])
def test_a_newer_schema(filled: Path, read_only: bool) -> None:
    newer = sqlite3.connect(filled, isolation_level=None)
    newer.execute("UPDATE alembic_version SET version_num = '0009'")
    newer.close()
    with pytest.raises(
        StoreError, match=rf"newer romebench \(schema 0009; this one knows {RELEASED.head}\)"
    ):
        Database.open(filled, read_only=read_only)
    assert backups(filled) == []


@pytest.mark.parametrize(
    "content",
    [
        "CREATE TABLE notes (text)",
        "CREATE TABLE alembic_version (version_num TEXT); "
        "INSERT INTO alembic_version VALUES ('0001')",
        f"CREATE TABLE sessions (id); PRAGMA application_id = {APPLICATION_ID}",
    ],
    ids=["plain", "another user of alembic", "no version"],
)
def test_another_programs_file(path: Path, content: str) -> None:
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.executescript(content)
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        Database.open(path)
    assert path.read_bytes() == before


def test_two_versions_at_once(filled: Path) -> None:
    odd = sqlite3.connect(filled, isolation_level=None)
    odd.execute("INSERT INTO alembic_version VALUES ('0000')")
    odd.close()
    with pytest.raises(StoreError, match="names 2 schema versions"):
        Database.open(filled)


def test_an_empty_file(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    with pytest.raises(StoreError, match="is empty"):
        Database.open(path, read_only=True)
    with Database.open(path) as database:
        assert Repository(database).sessions() == []
