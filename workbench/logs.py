"""Where log records go: a rotating file for the interactive front ends, standard error for `-v`.

The package itself only ever asks for loggers; a front end calls one of these once.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

_FORMAT = "%(asctime)s %(levelname)-7s %(threadName)s %(name)s: %(message)s"
_SHORT = "%(levelname)s %(name)s: %(message)s"
_PACKAGE = __name__.split(".")[0]
_SIZE_BYTES = 1_000_000
_KEPT_FILES = 3


def to_stderr(verbose: int) -> None:
    """Log to standard error: warnings, with one `-v` what is done, with two everything."""
    levels = (logging.ERROR, logging.INFO, logging.DEBUG)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(_SHORT))
    _install(handler, levels[min(verbose, 2)])


def to_file(path: Path, verbose: int = 0) -> None:
    """Log to a rotating file; a folder that can't be written is no reason not to start."""
    from logging.handlers import RotatingFileHandler

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = RotatingFileHandler(
            path, maxBytes=_SIZE_BYTES, backupCount=_KEPT_FILES, encoding="utf-8", delay=True
        )
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter(_FORMAT))
    _install(handler, logging.DEBUG if verbose else logging.INFO)
    logging.captureWarnings(True)
    warnings_logger = logging.getLogger("py.warnings")
    warnings_logger.addHandler(handler)
    warnings_logger.propagate = False


def _install(handler: logging.Handler, level: int) -> None:
    logger = logging.getLogger(_PACKAGE)
    for old in logger.handlers[:]:
        logger.removeHandler(old)
        old.close()
    logger.addHandler(handler)
    logger.setLevel(level)
    logger.propagate = False
    # Read when transformers is first imported; its remarks are about its own API, not the user's.
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
