"""romebench: a terminal workbench for rank-one model editing of language models.

The public API, imported on first use so that `import romebench` costs nothing:

>>> import romebench
>>> romebench.parse_typed("[LeBron James] plays the sport of => football").subject
'LeBron James'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .version import __version__

_EXPORTS = {
    "open": "workbench.library",
    "Bench": "workbench.bench",
    "EditRequest": "engine.request",
    "LiveSession": "sessions.live",
    "LoadedModel": "engine.model",
    "RankOneDelta": "engine.delta",
    "Rule": "engine.rules",
    "Sampling": "engine.sampling",
    "Session": "sessions.session",
    "Hparams": "hparams",
    "load_model": "engine.loading",
    "load_preset": "hparams",
    "parse_typed": "engine.request",
    "read_hparams": "hparams",
    "read_requests": "sessions.requests",
    "wrap_model": "engine.model",
    "RomebenchError": "errors",
}

__all__ = ["__version__", *_EXPORTS]

if TYPE_CHECKING:
    from .engine.delta import RankOneDelta as RankOneDelta
    from .engine.loading import load_model as load_model
    from .engine.model import LoadedModel as LoadedModel
    from .engine.model import wrap_model as wrap_model
    from .engine.request import EditRequest as EditRequest
    from .engine.request import parse_typed as parse_typed
    from .engine.rules import Rule as Rule
    from .engine.sampling import Sampling as Sampling
    from .errors import RomebenchError as RomebenchError
    from .hparams import Hparams as Hparams
    from .hparams import load_preset as load_preset
    from .hparams import read_hparams as read_hparams
    from .sessions.live import LiveSession as LiveSession
    from .sessions.requests import read_requests as read_requests
    from .sessions.session import Session as Session
    from .workbench.bench import Bench as Bench
    from .workbench.library import open as open  # noqa: A004


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_EXPORTS[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
