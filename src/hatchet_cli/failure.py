"""Errors that end a command with a message instead of a traceback."""


class CliError(Exception):
    """Something that the user can mend.

    Args:
        message: what went wrong, in one sentence.
        hint: what to do next; may hold a command to run.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(CliError):
    """The command was called in a way that cannot work."""

    exit_code = 2
