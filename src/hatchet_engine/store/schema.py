"""The tables. The same on every database: no type or SQL of one vendor.

Ids are UUID text, times microseconds since the epoch, JSON is text, states are the numbers of core/machine.py.
The tables that grow with every task carry no foreign keys: a stray row must not make a batch of good ones fail, and
checking costs a lookup a row. Payload columns come last, so that reading the others does not read them.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)

from hatchet_engine.core.machine import TERMINAL, TaskState

ID_LENGTH = 36

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _id(name: str, *, nullable: bool = False) -> "Column[str]":
    return Column(name, String(ID_LENGTH), nullable=nullable)


def _key(name: str = "id") -> "Column[str]":
    return Column(name, String(ID_LENGTH), primary_key=True)


def _reference(name: str, target: str) -> "Column[str]":
    return Column(name, String(ID_LENGTH), ForeignKey(target), nullable=False)


def _micros(name: str, *, nullable: bool = False) -> "Column[int]":
    return Column(name, BigInteger, nullable=nullable)


tenants = Table(
    "tenants",
    metadata,
    _key(),
    Column("name", Text, nullable=False),
    _micros("created_at"),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    _key(),
    _reference("tenant_id", "tenants.id"),
    Column("name", Text, nullable=False),
    _micros("created_at"),
    _micros("expires_at", nullable=True),
    _micros("revoked_at", nullable=True),
    Index(None, "tenant_id"),
)

workflows = Table(
    "workflows",
    metadata,
    _key(),
    _reference("tenant_id", "tenants.id"),
    Column("name", Text, nullable=False),
    _micros("created_at"),
    UniqueConstraint("tenant_id", "name"),
)

workflow_versions = Table(
    "workflow_versions",
    metadata,
    _key(),
    _reference("workflow_id", "workflows.id"),
    Column("number", Integer, nullable=False),
    Column("checksum", String(64), nullable=False),
    _micros("created_at"),
    Column("step_ids", Text, nullable=False),  # JSON array, in the order of WorkflowDefinition.steps
    Column("definition", Text, nullable=False),  # JSON of WorkflowDefinition.raw
    UniqueConstraint("workflow_id", "number"),
)

workers = Table(
    "workers",
    metadata,
    _key(),
    _reference("tenant_id", "tenants.id"),
    Column("name", Text, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("session_protocol", Boolean, nullable=False),
    _micros("registered_at"),
    _micros("last_seen"),
    Column("actions", Text, nullable=False),  # JSON array of action ids
    Column("slots", Text, nullable=False),  # JSON object: slot type -> units
    Column("labels", Text, nullable=False),  # JSON object: key -> text or integer
    Column("runtime", Text, nullable=False),  # JSON object: what the SDK said about itself
    Column("blocked_frame", Text),
    Index(None, "tenant_id", "last_seen"),
)

tasks = Table(
    "tasks",
    metadata,
    _key(),
    _id("tenant_id"),
    _id("workflow_id"),
    _id("version_id"),
    _id("step_id"),
    Column("action", Text, nullable=False),
    Column("name", Text, nullable=False),  # the step's name, the task's readable id
    Column("workflow_name", Text, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("queue_priority", SmallInteger, nullable=False),
    Column("queue_seq", BigInteger, nullable=False),
    Column("retry_count", Integer, nullable=False),
    Column("app_retries", Integer, nullable=False),
    Column("internal_retries", Integer, nullable=False),
    _id("worker_id", nullable=True),
    _micros("created_at"),
    _micros("queued_at"),
    _micros("assigned_at", nullable=True),
    _micros("started_at", nullable=True),
    _micros("finished_at", nullable=True),
    _micros("deadline", nullable=True),
    # 0 or 1, not Boolean: hot rows go to the driver as plain integers
    Column("slot_released", SmallInteger, nullable=False),
    _id("parent_run_id", nullable=True),
    _id("parent_task_id", nullable=True),
    Column("child_index", Integer),
    Column("child_key", Text),
    Column("input", Text, nullable=False),  # "" = none
    Column("additional_metadata", Text, nullable=False),  # "" = none
    Column("output", Text),
    Column("error", Text),
)
Index("ix_tasks_tenant_id_created_at", tasks.c.tenant_id, tasks.c.created_at)
Index("ix_tasks_workflow_id_created_at", tasks.c.workflow_id, tasks.c.created_at)
# An index on the state of all tasks would cost each of them two moves through a large index. These two stay small: one
# holds what is not finished, the other what most tasks never become. A query uses a partial index if it has the very
# same condition.
LIVE = tasks.c.state.in_([literal_column(str(int(state))) for state in TaskState if state not in TERMINAL])
UNSUCCESSFUL = tasks.c.state.in_([literal_column(str(int(s))) for s in (TaskState.FAILED, TaskState.CANCELLED)])
Index("ix_tasks_live", tasks.c.tenant_id, tasks.c.queue_seq, sqlite_where=LIVE, postgresql_where=LIVE)
Index(
    "ix_tasks_unsuccessful",
    tasks.c.tenant_id,
    tasks.c.created_at,
    sqlite_where=UNSUCCESSFUL,
    postgresql_where=UNSUCCESSFUL,
)
Index(
    "ix_tasks_parent_task_id",
    tasks.c.parent_task_id,
    sqlite_where=tasks.c.parent_task_id.is_not(None),
    postgresql_where=tasks.c.parent_task_id.is_not(None),
)

attempts = Table(
    "attempts",
    metadata,
    _key("task_id"),
    Column("retry_count", Integer, primary_key=True, autoincrement=False),
    Column("outcome", SmallInteger, nullable=False),  # core/changes.py AttemptOutcome
    _id("worker_id", nullable=True),
    _micros("queued_at"),
    _micros("assigned_at", nullable=True),
    _micros("started_at", nullable=True),
    _micros("ended_at"),
    Column("output", Text),
    Column("error", Text),
)

# Ids of events and log lines are assigned when the batch is made and sort in the order of writing.

task_events = Table(
    "task_events",
    metadata,
    _key("task_id"),
    _key("id"),
    Column("retry_count", Integer, nullable=False),
    Column("kind", Text, nullable=False),  # a value of the REST enum V1TaskEventType
    _micros("at"),
    _id("worker_id", nullable=True),
    Column("message", Text, nullable=False),
)

log_lines = Table(
    "log_lines",
    metadata,
    _key("task_id"),
    _key("id"),
    _id("tenant_id"),
    Column("retry_count", Integer, nullable=False),
    _micros("at"),
    Column("level", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("metadata", Text, nullable=False),  # JSON, "" = none
    Index(None, "tenant_id", "at"),
)
