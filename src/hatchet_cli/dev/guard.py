"""Becomes the worker: asks Linux to send SIGTERM when the parent dies, then executes the command.

So a `hatchet worker dev` that is killed leaves no worker behind. Runs as a script, without site packages, so that it
costs a few milliseconds. Arguments: the parent's pid, then the command.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before we asked
        sys.exit(1)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.exit(f"Cannot run {command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
