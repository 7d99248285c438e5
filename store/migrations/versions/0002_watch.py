"""Sessions keep how they are watched: which vitals are taken, and what a verdict does."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A column of sessions; NULL where nothing was asked for."""
    op.add_column("sessions", sa.Column("watch", sa.Text(), nullable=True))
