"""The tables, as SQLAlchemy rows. Rows never leave this folder: `codec` turns them into records.

A step, branch tip or cursor at the base holds NULL where the records say 0, so that every step
number in the file is a foreign key to a step that exists. What a list of thousands of steps needs
lies in `steps`; the heavy parts of a step (tokens, losses, …) in `step_details`, its delta in
`deltas`, so that listing reads neither. No foreign key cascades: rows go only where `sessions`
says so, table by table. Changing a table here needs a migration beside it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from .columns import AnyFloat, JsonText, WholeNumber

APPLICATION_ID = 0x524F4D45
"""`PRAGMA application_id` of every store: "ROME"."""

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""Every constraint has a name, so that a later migration can alter it."""


class Base(DeclarativeBase):
    """Root of the rows."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {str: Text}


def _session() -> ForeignKey:
    return ForeignKey("sessions.id")


def _step(column: str = "step") -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["session_id", column], ["steps.session_id", "steps.step"])


class HparamsRow(Base):
    """Hyperparameters, once for each distinct content. `digest`: SHA-256 of canonical JSON."""

    __tablename__ = "hparams"

    digest: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[Any] = mapped_column(JsonText, nullable=False)


class SessionRow(Base):
    """A session, with counters that spare the list of sessions from counting steps."""

    __tablename__ = "sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[str]
    used_at: Mapped[str] = mapped_column(index=True)
    step_count: Mapped[int]
    last_step: Mapped[int]
    model: Mapped[str]
    revision: Mapped[str | None]
    model_type: Mapped[str]
    model_sha256: Mapped[str]
    tokenizer_sha256: Mapped[str]
    dtype: Mapped[str]
    device: Mapped[str]
    rule: Mapped[str]
    hparams: Mapped[str] = mapped_column(ForeignKey("hparams.digest"))
    weight_name: Mapped[str]
    seed: Mapped[int] = mapped_column(WholeNumber)
    contexts: Mapped[Any] = mapped_column(JsonText, nullable=False)
    statistics: Mapped[Any | None] = mapped_column(JsonText)
    base_weight_sha256: Mapped[str]
    versions: Mapped[Any] = mapped_column(JsonText, nullable=False)
    source: Mapped[Any | None] = mapped_column(JsonText)
    watch: Mapped[Any | None] = mapped_column(JsonText)


class StepRow(Base):
    """The light part of a step."""

    __tablename__ = "steps"
    __table_args__ = (
        _step("parent"),
        CheckConstraint("step > 0", "step"),
        CheckConstraint("parent < step", "parent"),
        CheckConstraint("depth > 0", "depth"),
        Index(None, "session_id", "parent"),
    )

    session_id: Mapped[int] = mapped_column(_session(), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    parent: Mapped[int | None]
    depth: Mapped[int]
    created_at: Mapped[str]
    subject: Mapped[str]
    target_new: Mapped[str]
    rule: Mapped[str]
    weight_name: Mapped[str]
    weight_sha256: Mapped[str]
    verdict: Mapped[str]
    verdict_reason: Mapped[str]
    delta_ratio: Mapped[float | None] = mapped_column(AnyFloat)
    perplexity_ratio: Mapped[float | None] = mapped_column(AnyFloat)
    hparams: Mapped[str] = mapped_column(ForeignKey("hparams.digest"))


class StepDetailRow(Base):
    """The heavy part of a step, read for one step at a time."""

    __tablename__ = "step_details"
    __table_args__ = (_step(),)

    session_id: Mapped[int] = mapped_column(_session(), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    request: Mapped[Any] = mapped_column(JsonText, nullable=False)
    vitals: Mapped[Any] = mapped_column(JsonText, nullable=False)
    diagnostics: Mapped[Any] = mapped_column(JsonText, nullable=False)
    timings: Mapped[Any] = mapped_column(JsonText, nullable=False)
    tokens: Mapped[Any] = mapped_column(JsonText, nullable=False)
    losses: Mapped[Any] = mapped_column(JsonText, nullable=False)


class DeltaRow(Base):
    """A step's delta: safetensors bytes and their SHA-256."""

    __tablename__ = "deltas"
    __table_args__ = (_step(),)

    session_id: Mapped[int] = mapped_column(_session(), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    weight_name: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    data: Mapped[bytes]


class BranchRow(Base):
    """A named line of steps. `tip` NULL: still at the base."""

    __tablename__ = "branches"
    __table_args__ = (_step("tip"), UniqueConstraint("session_id", "name"))

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(_session())
    name: Mapped[str]
    tip: Mapped[int | None]
    created_at: Mapped[str]


class CursorRow(Base):
    """Where a session stands. `step` NULL: at the base."""

    __tablename__ = "cursors"
    __table_args__ = (_step(),)

    session_id: Mapped[int] = mapped_column(_session(), primary_key=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    step: Mapped[int | None]


class QueueRow(Base):
    """A request waiting its turn; what became of it stays."""

    __tablename__ = "queue"
    __table_args__ = (_step(),)

    session_id: Mapped[int] = mapped_column(_session(), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    request: Mapped[Any] = mapped_column(JsonText, nullable=False)
    origin: Mapped[str]
    status: Mapped[str]
    step: Mapped[int | None]
    message: Mapped[str]


class GenerationRow(Base):
    """A text the model wrote. `step` NULL: at the base."""

    __tablename__ = "generations"
    __table_args__ = (_step(), Index(None, "session_id", "step"))

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(_session())
    step: Mapped[int | None]
    role: Mapped[str]
    prompt: Mapped[str]
    parameters: Mapped[Any] = mapped_column(JsonText, nullable=False)
    seed: Mapped[int] = mapped_column(WholeNumber)
    token_ids: Mapped[Any] = mapped_column(JsonText, nullable=False)
    text: Mapped[str]
    created_at: Mapped[str]


class MeasurementRow(Base):
    """What a probe found. `step` NULL: at the base."""

    __tablename__ = "measurements"
    __table_args__ = (_step(), Index(None, "session_id", "step"))

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(_session())
    step: Mapped[int | None]
    probe: Mapped[str]
    value: Mapped[float | None] = mapped_column(AnyFloat)
    detail: Mapped[Any] = mapped_column(JsonText, nullable=False)
    created_at: Mapped[str]


class OperationRow(Base):
    """One command and what came of it; only ever appended.

    Branch names and steps are those of its time, so they are no foreign keys.
    """

    __tablename__ = "operations"

    session_id: Mapped[int] = mapped_column(_session(), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    command: Mapped[str]
    params: Mapped[Any] = mapped_column(JsonText, nullable=False)
    status: Mapped[str]
    result: Mapped[Any] = mapped_column(JsonText, nullable=False)
    before_branch: Mapped[str]
    before_step: Mapped[int]
    after_branch: Mapped[str]
    after_step: Mapped[int]
    created_at: Mapped[str]
    elapsed_s: Mapped[float]


class IntentRow(Base):
    """The writing command under way in a session; gone when it has ended."""

    __tablename__ = "intents"

    session_id: Mapped[int] = mapped_column(_session(), primary_key=True)
    command: Mapped[str]
    params: Mapped[Any] = mapped_column(JsonText, nullable=False)
    created_at: Mapped[str]
