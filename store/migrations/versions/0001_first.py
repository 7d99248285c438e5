"""The first release: sessions, their steps, deltas, branches, cursor, queue and operations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes every table, and marks the file as a store."""
    op.execute("PRAGMA application_id = 1380928837")
    _sessions()
    _steps()
    _places()
    _records()
    _commands()


def _sessions() -> None:
    """Sessions and the hyperparameters they and their steps point to."""
    op.create_table(
        "hparams",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_hparams"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("used_at", sa.Text(), nullable=False),
        sa.Column("step_count", sa.Integer(), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=True),
        sa.Column("model_type", sa.Text(), nullable=False),
        sa.Column("model_sha256", sa.Text(), nullable=False),
        sa.Column("tokenizer_sha256", sa.Text(), nullable=False),
        sa.Column("dtype", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("hparams", sa.Text(), nullable=False),
        sa.Column("weight_name", sa.Text(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("contexts", sa.Text(), nullable=False),
        sa.Column("statistics", sa.Text(), nullable=True),
        sa.Column("base_weight_sha256", sa.Text(), nullable=False),
        sa.Column("versions", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["hparams"], ["hparams.digest"], name="fk_sessions_hparams"),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("name", name="uq_sessions_name"),
        sa.UniqueConstraint("uid", name="uq_sessions_uid"),
    )
    op.create_index("ix_sessions_used_at", "sessions", ["used_at"])


def _steps() -> None:
    """Steps, light and heavy parts apart."""
    op.create_table(
        "steps",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("parent", sa.Integer(), nullable=True),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("target_new", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("weight_name", sa.Text(), nullable=False),
        sa.Column("weight_sha256", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("verdict_reason", sa.Text(), nullable=False),
        sa.Column("delta_ratio", sa.Double(), nullable=True),
        sa.Column("hparams", sa.Text(), nullable=False),
        sa.CheckConstraint("depth > 0", name="ck_steps_depth"),
        sa.CheckConstraint("parent < step", name="ck_steps_parent"),
        sa.CheckConstraint("step > 0", name="ck_steps_step"),
        sa.ForeignKeyConstraint(["hparams"], ["hparams.digest"], name="fk_steps_hparams"),
        sa.ForeignKeyConstraint(
            ["session_id", "parent"],
            ["steps.session_id", "steps.step"],
            name="fk_steps_session_id_parent",
        ),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_steps_session_id"),
        sa.PrimaryKeyConstraint("session_id", "step", name="pk_steps"),
    )
    op.create_index("ix_steps_session_id_parent", "steps", ["session_id", "parent"])
    op.create_table(
        "step_details",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("vitals", sa.Text(), nullable=False),
        sa.Column("diagnostics", sa.Text(), nullable=False),
        sa.Column("timings", sa.Text(), nullable=False),
        sa.Column("tokens", sa.Text(), nullable=False),
        sa.Column("losses", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id", "step"],
            ["steps.session_id", "steps.step"],
            name="fk_step_details_session_id_step",
        ),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_step_details_session_id"),
        sa.PrimaryKeyConstraint("session_id", "step", name="pk_step_details"),
    )
    op.create_table(
        "deltas",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("weight_name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id", "step"],
            ["steps.session_id", "steps.step"],
            name="fk_deltas_session_id_step",
        ),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_deltas_session_id"),
        sa.PrimaryKeyConstraint("session_id", "step", "weight_name", name="pk_deltas"),
    )


def _places() -> None:
    """Branches and the cursor."""
    op.create_table(
        "branches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tip", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id", "tip"],
            ["steps.session_id", "steps.step"],
            name="fk_branches_session_id_tip",
        ),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_branches_session_id"),
        sa.PrimaryKeyConstraint("id", name="pk_branches"),
        sa.UniqueConstraint("session_id", "name", name="uq_branches_session_id_name"),
    )
    op.create_table(
        "cursors",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name="fk_cursors_branch_id"),
        sa.ForeignKeyConstraint(
            ["session_id", "step"],
            ["steps.session_id", "steps.step"],
            name="fk_cursors_session_id_step",
        ),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_cursors_session_id"),
        sa.PrimaryKeyConstraint("session_id", name="pk_cursors"),
    )


def _records() -> None:
    """What was said and measured at steps."""
    op.create_table(
        "generations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("token_ids", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id", "step"],
            ["steps.session_id", "steps.step"],
            name="fk_generations_session_id_step",
        ),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_generations_session_id"),
        sa.PrimaryKeyConstraint("id", name="pk_generations"),
    )
    op.create_index("ix_generations_session_id_step", "generations", ["session_id", "step"])
    op.create_table(
        "measurements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=True),
        sa.Column("probe", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id", "step"],
            ["steps.session_id", "steps.step"],
            name="fk_measurements_session_id_step",
        ),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_measurements_session_id"),
        sa.PrimaryKeyConstraint("id", name="pk_measurements"),
    )
    op.create_index("ix_measurements_session_id_step", "measurements", ["session_id", "step"])


def _commands() -> None:
    """What waits, what was done, and what is under way."""
    op.create_table(
        "queue",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id", "step"],
            ["steps.session_id", "steps.step"],
            name="fk_queue_session_id_step",
        ),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_queue_session_id"),
        sa.PrimaryKeyConstraint("session_id", "position", name="pk_queue"),
    )
    op.create_table(
        "operations",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("before_branch", sa.Text(), nullable=False),
        sa.Column("before_step", sa.Integer(), nullable=False),
        sa.Column("after_branch", sa.Text(), nullable=False),
        sa.Column("after_step", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("elapsed_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_operations_session_id"),
        sa.PrimaryKeyConstraint("session_id", "number", name="pk_operations"),
    )
    op.create_table(
        "intents",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_intents_session_id"),
        sa.PrimaryKeyConstraint("session_id", name="pk_intents"),
    )
