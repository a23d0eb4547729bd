"""Run by Alembic: apply the revisions on the connection that `migrate` put into the configuration."""

from alembic import context

from hatchet_engine.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
