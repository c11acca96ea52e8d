"""How Alembic reaches the database: through the connection that geo.migrate holds."""

from alembic import context

from geo.database import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_type=True,
    transaction_per_migration=False,
)
context.run_migrations()
