"""How a failure is told on the command line: one line, a hint, an exit code, no traceback."""

from __future__ import annotations

import sys

from ...errors import ExitCode, RomebenchError


def report(error: BaseException, *, debug: bool) -> int:
    """Tell standard error about a failure; gives the exit code.

    Args:
        debug: Show the traceback too.
    """
    from ..render.text import visible

    if debug:
        import traceback

        traceback.print_exception(error, file=sys.stderr)
    if isinstance(error, KeyboardInterrupt):
        _line("romebench: interrupted")
        return ExitCode.INTERRUPTED
    if isinstance(error, RomebenchError):
        _line(f"romebench: {visible(error.message)}")
        if error.hint:
            _line(f"hint: {visible(error.hint)}")
        return error.exit_code
    told = str(error).strip().splitlines()
    detail = f": {told[0]}" if told else ""
    _line(f"romebench: defect: {type(error).__name__}{visible(detail)}")
    if not debug:
        _line("hint: rerun with --debug for the traceback, and please report it")
    return ExitCode.EDIT_FAILED


def note(text: str) -> None:
    """A remark that is not data."""
    from ..render.text import visible

    _line(visible(text))


def _line(text: str) -> None:
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except (BrokenPipeError, ValueError):
        pass
