"""Errors that a command can end with. The transports map `code` to gRPC and HTTP status codes."""

from enum import Enum


class ErrorCode(Enum):
    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    NOT_FOUND = "NOT_FOUND"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"
    UNIMPLEMENTED = "UNIMPLEMENTED"
    UNAVAILABLE = "UNAVAILABLE"


class CoreError(Exception):
    """A command was refused; nothing was changed by it."""

    code = ErrorCode.INVALID_ARGUMENT

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidArgument(CoreError):
    code = ErrorCode.INVALID_ARGUMENT


class NotFound(CoreError):
    code = ErrorCode.NOT_FOUND


class AlreadyExists(CoreError):
    code = ErrorCode.ALREADY_EXISTS


class FailedPrecondition(CoreError):
    code = ErrorCode.FAILED_PRECONDITION


class Unimplemented(CoreError):
    code = ErrorCode.UNIMPLEMENTED


class Unavailable(CoreError):
    code = ErrorCode.UNAVAILABLE
