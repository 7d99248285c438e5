"""The one place a command is run, and where strange failures get names."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from ...errors import OutOfMemoryError, RomebenchError, StoreError

if TYPE_CHECKING:
    from .context import Context
    from .results import Result
    from .spec import Command

logger = logging.getLogger(__name__)


def execute(command: Command, context: Context, params: Any) -> Result:
    """Run a command.

    Args:
        params: An instance of `command.params`.

    Raises:
        RomebenchError: It failed in a way that has a name. Anything else raised is a defect, and
            the front end shows it as one.
    """
    started = time.perf_counter()
    logger.info("%s %s", command.name, params)
    try:
        result = command.run(context, params)
    except RomebenchError as error:
        logger.info("%s failed: %s", command.name, error.message)
        raise
    except Exception as error:
        named = _named(error)
        if named is None:
            logger.exception("%s failed", command.name)
            raise
        logger.info("%s failed", command.name, exc_info=True)
        raise named from error
    logger.info("%s took %.3f s", command.name, time.perf_counter() - started)
    return result


def _named(error: Exception) -> RomebenchError | None:
    """The name of a failure that any command can meet."""
    # By class name: torch must not be imported to say that it ran out of memory.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return OutOfMemoryError(
            "there is not enough memory for this", "use --dtype bfloat16 or a smaller model"
        )
    if isinstance(error, OSError) and error.filename is not None:
        return StoreError(f"{error.filename}: {error.strerror or error}", "check path and disk")
    return None
