"""The failures romebench can name, each with the way out and an exit code.

Every bad input ends in one of these: a front end shows `message` and `hint` on a line each and
exits with `exit_code`. Anything else that is raised is a defect.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process tells the shell. Documented in `romebench --help` and stable."""

    OK = 0
    EDIT_FAILED = 1
    USAGE = 2
    MODEL = 3
    STORE = 4
    OUT_OF_MEMORY = 5
    INTERRUPTED = 130


class RomebenchError(Exception):
    """A failure with a name: what happened, and what to do about it.

    Args:
        message: One line that names the offending value.
        hint: One line that names the way out; empty where there is none.
    """

    exit_code: ExitCode = ExitCode.EDIT_FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(RomebenchError):
    """The words of a command are off."""

    exit_code = ExitCode.USAGE


class RequestError(UsageError):
    """A request that can't be edited: no `{}`, an empty subject, a target without tokens, …"""


class HparamsError(UsageError):
    """Hyperparameters that are missing, unknown or out of range."""


class FileFormatError(UsageError):
    """A file that isn't what it should be; the message names the file and the line."""


class SettingsError(UsageError):
    """A settings file or `ROMEBENCH_` variable that is off; the message names file and line."""


class EditError(RomebenchError):
    """An edit that was computed but can't be applied (not finite, zero key, …)."""

    exit_code = ExitCode.EDIT_FAILED


class ModelError(RomebenchError):
    """A model that can't be loaded, can't be edited, or isn't the one that was recorded."""

    exit_code = ExitCode.MODEL


class StatisticsError(ModelError):
    """Second moments that are missing, unreadable, or of another model or layer."""


class StoreError(RomebenchError):
    """The session store can't be opened, read or written."""

    exit_code = ExitCode.STORE


class SessionBusyError(StoreError):
    """Another process writes to this session."""


class OutOfMemoryError(RomebenchError):
    """The device has no room for what was asked."""

    exit_code = ExitCode.OUT_OF_MEMORY


class CancelledError(RomebenchError):
    """The user stopped a call; the model is as it was before."""

    exit_code = ExitCode.INTERRUPTED
