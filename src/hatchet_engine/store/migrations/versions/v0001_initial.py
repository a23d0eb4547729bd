"""The first tables: tenants, tokens, workflows, workers, tasks and their history."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.String(36)


def upgrade() -> None:
    _tenants()
    _api_tokens()
    _workflows()
    _workers()
    _tasks()
    _task_indices()
    _attempts()
    _task_events()
    _log_lines()


def downgrade() -> None:
    for table in (
        *("log_lines", "task_events", "attempts", "tasks", "workers"),
        *("workflow_versions", "workflows", "api_tokens", "tenants"),
    ):
        op.drop_table(table)


def _tenants() -> None:
    op.create_table(
        "tenants",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
    )


def _api_tokens() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_api_tokens_tenant_id")),
    )
    op.create_index(op.f("ix_api_tokens_tenant_id"), "api_tokens", ["tenant_id"])


def _workflows() -> None:
    op.create_table(
        "workflows",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflows")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_workflows_tenant_id_name")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_workflows_tenant_id")),
    )
    op.create_table(
        "workflow_versions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("workflow_id", _ID, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("checksum", sa.String(64), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("step_ids", sa.Text, nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_versions")),
        sa.UniqueConstraint("workflow_id", "number", name=op.f("uq_workflow_versions_workflow_id_number")),
        sa.ForeignKeyConstraint(["workflow_id"], ["workflows.id"], name=op.f("fk_workflow_versions_workflow_id")),
    )


def _workers() -> None:
    op.create_table(
        "workers",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("state", sa.SmallInteger, nullable=False),
        sa.Column("paused", sa.Boolean, nullable=False),
        sa.Column("session_protocol", sa.Boolean, nullable=False),
        sa.Column("registered_at", sa.BigInteger, nullable=False),
        sa.Column("last_seen", sa.BigInteger, nullable=False),
        sa.Column("actions", sa.Text, nullable=False),
        sa.Column("slots", sa.Text, nullable=False),
        sa.Column("labels", sa.Text, nullable=False),
        sa.Column("runtime", sa.Text, nullable=False),
        sa.Column("blocked_frame", sa.Text),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_workers_tenant_id")),
    )
    op.create_index(op.f("ix_workers_tenant_id_last_seen"), "workers", ["tenant_id", "last_seen"])


def _tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", _ID, nullable=False),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("workflow_id", _ID, nullable=False),
        sa.Column("version_id", _ID, nullable=False),
        sa.Column("step_id", _ID, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("workflow_name", sa.Text, nullable=False),
        sa.Column("state", sa.SmallInteger, nullable=False),
        sa.Column("priority", sa.SmallInteger, nullable=False),
        sa.Column("queue_priority", sa.SmallInteger, nullable=False),
        sa.Column("queue_seq", sa.BigInteger, nullable=False),
        sa.Column("retry_count", sa.Integer, nullable=False),
        sa.Column("app_retries", sa.Integer, nullable=False),
        sa.Column("internal_retries", sa.Integer, nullable=False),
        sa.Column("worker_id", _ID),
        *(sa.Column(time, sa.BigInteger, nullable=False) for time in ("created_at", "queued_at")),
        *(sa.Column(time, sa.BigInteger) for time in ("assigned_at", "started_at", "finished_at", "deadline")),
        sa.Column("slot_released", sa.SmallInteger, nullable=False),
        sa.Column("parent_run_id", _ID),
        sa.Column("parent_task_id", _ID),
        sa.Column("child_index", sa.Integer),
        sa.Column("child_key", sa.Text),
        sa.Column("input", sa.Text, nullable=False),
        sa.Column("additional_metadata", sa.Text, nullable=False),
        sa.Column("output", sa.Text),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
    )


def _task_indices() -> None:
    op.create_index("ix_tasks_tenant_id_created_at", "tasks", ["tenant_id", "created_at"])
    op.create_index("ix_tasks_workflow_id_created_at", "tasks", ["workflow_id", "created_at"])
    live, unsuccessful = sa.text("state IN (0, 1, 2)"), sa.text("state IN (4, 5)")
    op.create_index("ix_tasks_live", "tasks", ["tenant_id", "queue_seq"], sqlite_where=live, postgresql_where=live)
    op.create_index(
        "ix_tasks_unsuccessful",
        "tasks",
        ["tenant_id", "created_at"],
        sqlite_where=unsuccessful,
        postgresql_where=unsuccessful,
    )
    spawned = sa.text("parent_task_id IS NOT NULL")
    op.create_index(
        "ix_tasks_parent_task_id", "tasks", ["parent_task_id"], sqlite_where=spawned, postgresql_where=spawned
    )


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("task_id", _ID, nullable=False),
        sa.Column("retry_count", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("outcome", sa.SmallInteger, nullable=False),
        sa.Column("worker_id", _ID),
        sa.Column("queued_at", sa.BigInteger, nullable=False),
        sa.Column("assigned_at", sa.BigInteger),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger, nullable=False),
        sa.Column("output", sa.Text),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("task_id", "retry_count", name=op.f("pk_attempts")),
    )


def _task_events() -> None:
    op.create_table(
        "task_events",
        sa.Column("task_id", _ID, nullable=False),
        sa.Column("id", _ID, nullable=False),
        sa.Column("retry_count", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("worker_id", _ID),
        sa.Column("message", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("task_id", "id", name=op.f("pk_task_events")),
    )


def _log_lines() -> None:
    op.create_table(
        "log_lines",
        sa.Column("task_id", _ID, nullable=False),
        sa.Column("id", _ID, nullable=False),
        sa.Column("tenant_id", _ID, nullable=False),
        sa.Column("retry_count", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("metadata", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("task_id", "id", name=op.f("pk_log_lines")),
    )
    op.create_index(op.f("ix_log_lines_tenant_id_at"), "log_lines", ["tenant_id", "at"])
