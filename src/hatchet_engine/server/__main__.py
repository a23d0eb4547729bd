"""`python -m hatchet_engine.server`: a server with the settings of the environment, and nothing else."""

import argparse
import asyncio
import sys
from contextlib import nullcontext

from hatchet_engine.server.logs import configure_logs
from hatchet_engine.server.serve import ephemeral, loop_factory, ready_line, serve
from hatchet_engine.server.server import Server
from hatchet_engine.server.settings import ServerSettings
from hatchet_engine.store.errors import StoreError


def main() -> int:
    """Run until a signal; 0 after an orderly end, 1 if the server could not start."""
    parser = argparse.ArgumentParser(prog="python -m hatchet_engine.server", description=__doc__)
    parser.add_argument("--ephemeral", action="store_true", help="free ports and temporary data")
    parser.add_argument("--json", action="store_true", help="print one line of JSON on stdout when ready")
    arguments = parser.parse_args()
    settings = ServerSettings()
    configure_logs(settings.log_level, settings.log_format)

    def on_ready(server: Server) -> None:
        if arguments.json:
            sys.stdout.write(ready_line(server) + "\n")
            sys.stdout.flush()

    with ephemeral(settings) if arguments.ephemeral else nullcontext(settings) as chosen:
        try:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                runner.run(serve(chosen, on_ready))
        except (OSError, StoreError, ValueError) as error:
            sys.stderr.write(f"the server could not start: {error}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
