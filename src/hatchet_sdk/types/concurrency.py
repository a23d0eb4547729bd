"""Limits on how many runs with the same key execute at once."""

from enum import StrEnum

from pydantic import BaseModel


class ConcurrencyLimitStrategy(StrEnum):
    """What happens to a run that arrives when its key is full."""

    CANCEL_IN_PROGRESS = "CANCEL_IN_PROGRESS"
    """The newest runs stay; older ones are cancelled to make room."""
    GROUP_ROUND_ROBIN = "GROUP_ROUND_ROBIN"
    """It waits; keys take turns."""
    CANCEL_NEWEST = "CANCEL_NEWEST"
    """It is cancelled at once."""


class ConcurrencyExpression(BaseModel):
    """One concurrency rule.

    Args:
        expression: CEL over `input`, `additional_metadata` and `workflow_run_id` that yields the key, a string.
        max_runs: how many runs of one key may execute at once.
        limit_strategy: what happens beyond that.
    """

    expression: str
    max_runs: int
    limit_strategy: ConcurrencyLimitStrategy

    @staticmethod
    def from_int(max_runs: int) -> "ConcurrencyExpression":
        """At most `max_runs` at once, whatever the input; the others wait."""
        return ConcurrencyExpression(
            expression="'constant'",
            max_runs=max_runs,
            limit_strategy=ConcurrencyLimitStrategy.GROUP_ROUND_ROBIN,
        )


ConcurrencySetting = int | ConcurrencyExpression | list[ConcurrencyExpression] | None


def concurrency_rules(setting: ConcurrencySetting) -> list[ConcurrencyExpression]:
    """The rules that a `concurrency=` argument stands for, in order."""
    if setting is None:
        return []
    if isinstance(setting, int):
        return [ConcurrencyExpression.from_int(setting)]
    return [setting] if isinstance(setting, ConcurrencyExpression) else list(setting)
