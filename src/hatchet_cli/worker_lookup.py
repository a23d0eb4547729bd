"""Finding a worker by what the user calls it."""

from typing import TYPE_CHECKING

from hatchet_cli.failure import CliError
from hatchet_cli.run_filter import is_id

if TYPE_CHECKING:
    from hatchet_cli.api import Api


def worker_named(api: "Api", name_or_id: str) -> str:
    """The id of a worker; a name counts workers that are gone only if none of that name is there.

    Raises:
        CliError: no worker has the name, or several have it.
    """
    if is_id(name_or_id):
        return name_or_id
    rows = [row for row in api.workers({}).get("rows") or [] if row["name"] == name_or_id]
    present = [row for row in rows if row.get("status") != "INACTIVE"] or rows
    if not present:
        raise CliError(f"There is no worker named {name_or_id!r}.", "See `hatchet worker list`.")
    if len(present) > 1:
        ids = "\n".join(f"  {row['metadata']['id']}" for row in present)
        raise CliError(f"{len(present)} workers are named {name_or_id!r}.", f"Name one by its id:\n{ids}")
    return str(present[0]["metadata"]["id"])
