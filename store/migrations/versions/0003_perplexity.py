"""Steps keep their perplexity against the base where lists read it."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BATCH = 2000
_NAME = "perplexity_ratio"


def upgrade() -> None:
    """A column of steps, filled from the vitals; NULL where they were cheap.

    In Python: SQLite's own JSON reads no NaN, which the vitals of a collapsed model hold.
    """
    op.add_column("steps", sa.Column(_NAME, sa.Double(), nullable=True))
    connection = op.get_bind()
    found = connection.execute(
        sa.text(
            "SELECT session_id, step, vitals FROM step_details "
            f"WHERE vitals LIKE '%\"{_NAME}\"%' ORDER BY session_id, step"
        )
    )
    update = sa.text(
        f"UPDATE steps SET {_NAME} = :value WHERE session_id = :session AND step = :step"
    )
    while rows := found.fetchmany(_BATCH):
        values = [
            {"session": session, "step": step, "value": _bound(json.loads(vitals).get(_NAME))}
            for session, step, vitals in rows
        ]
        connection.execute(update, values)


def _bound(value: float | None) -> float | str | None:
    """As the store keeps numbers: NaN as text, which SQLite would turn into NULL."""
    return "NaN" if value is not None and value != value else value
