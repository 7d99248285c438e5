"""Alembic's entry point: runs the migrations on the connection that `store.migrate` hands over.

The transaction is the caller's: alembic joins it, so that all migrations commit together.
"""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
