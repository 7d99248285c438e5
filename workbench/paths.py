"""Where everything lies: the store, caches, configuration, logs and input history.

`ROMEBENCH_HOME` moves all of it under one folder; without it each kind goes where the platform
keeps such files (XDG on Linux). Nothing is created here; whoever writes a file makes its folder.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "ROMEBENCH_HOME"
_APP = "romebench"


@dataclass(frozen=True, slots=True)
class Paths:
    """The files and folders of one user.

    Attributes:
        home: What `ROMEBENCH_HOME` says; None where it is not set.
        data: Folder of the store.
        cache: What can be made again.
        config: Settings and keys.
        state: Logs and input history.
    """

    home: Path | None
    data: Path
    cache: Path
    config: Path
    state: Path

    @property
    def store(self) -> Path:
        """The SQLite file with all sessions."""
        return self.data / "romebench.sqlite3"

    @property
    def log(self) -> Path:
        """The log file of the interactive front ends."""
        return self.state / "romebench.log"

    @property
    def history(self) -> Path:
        """What was typed, in the REPL and in the TUI."""
        return self.state / "history"

    @classmethod
    def under(cls, home: Path) -> Paths:
        """Everything under one folder."""
        return cls(home, home, home / "cache", home / "config", home / "state")

    @classmethod
    def discover(cls, environ: Mapping[str, str] = os.environ) -> Paths:
        """The paths this process should use, by `ROMEBENCH_HOME` or the platform's custom."""
        home = environ.get(HOME_VARIABLE, "").strip()
        if home:
            return cls.under(Path(home).expanduser().absolute())
        import platformdirs

        return cls(
            None,
            platformdirs.user_data_path(_APP, appauthor=False),
            platformdirs.user_cache_path(_APP, appauthor=False),
            platformdirs.user_config_path(_APP, appauthor=False),
            platformdirs.user_state_path(_APP, appauthor=False),
        )
