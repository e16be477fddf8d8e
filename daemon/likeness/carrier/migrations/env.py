"""Runs migrations on the connection that `carrier.database` brings, in its transaction.

Leaves to others: what they do (`versions`), when they run.
"""

from alembic import context

from likeness.carrier import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    render_as_batch=True,  # SQLite alters a table by making it anew
)
context.run_migrations()
