"""Brings torch and transformers in: soon, and without holding the interpreter for long.

Whoever goes on to the engine's other modules calls `bring` first; without it everything works the
same, and comes half a second later. Knows no model. Importing this module imports neither.
"""

from __future__ import annotations

import ctypes
import importlib
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

logger = logging.getLogger(__name__)

_LIBRARIES = ("libtorch_global_deps.so", "libc10.so", "libtorch_cpu.so")
"""In the order in which they need one another."""

_MODULES = (
    "transformers.cache_utils",
    "transformers.modeling_utils",
    "transformers.models.auto",
    "transformers.models.gpt2.modeling_gpt2",
)
_MARKS = ("allow_in_graph", "assume_constant_result", "disable", "graph_break")
"""What functions are marked with for torch's compiler, and a call that does nothing without it."""

_COMPILER = "torch._dynamo"
_ALONE = f"{_COMPILER}._trace_wrapped_higher_order_op"

_lock = threading.Lock()


def preload() -> None:
    """Have the system load torch's libraries, with the interpreter free meanwhile.

    `import torch` loads them too, but holds the interpreter for all of the fifth of a second that
    it takes. Where a library lies elsewhere or can't be loaded, the import will see to it.
    """
    if "torch" in sys.modules or sys.platform != "linux":
        return
    for path in _library_paths():
        # Called as a foreign function: ctypes.CDLL itself would not let go of the interpreter.
        if not _dlopen(os.fsencode(path), os.RTLD_NOW | os.RTLD_GLOBAL):
            return


def _library_paths() -> list[Path]:
    """Torch's libraries that are there; none where this is a torch with CUDA.

    That one looks for its CUDA libraries in other packages first.
    """
    found = find_spec("torch")
    if found is None or found.origin is None:
        return []
    folder = Path(found.origin).parent / "lib"
    if (folder / "libtorch_cuda.so").exists() or (folder / "libtorch_hip.so").exists():
        return []
    return [folder / name for name in _LIBRARIES if (folder / name).is_file()]


def _dlopen(path: bytes, mode: int) -> int:
    try:
        call = ctypes.CDLL(None).dlopen
    except (AttributeError, OSError):
        return 0
    call.argtypes, call.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
    return int(call(path, mode) or 0)


def bring() -> None:
    """Import torch and what every model of transformers needs; from any thread, at any time.

    For a process that is ours: in a program of the user's, torch's compiler may be wanted.

    A module that can't be imported is left to the code that needs it, which names the failure.
    """
    with _lock:
        if "transformers.modeling_utils" in sys.modules:
            return
        preload()
        try:
            _put_compiler_off(importlib.import_module("torch"))
            with lean():
                for name in _MODULES:
                    importlib.import_module(name)
        except ImportError:
            logger.info("torch or transformers could not be imported ahead", exc_info=True)


@contextmanager
def lean() -> Iterator[None]:
    """Keep out of an import of transformers what only training and many machines ask for.

    Torch says that it was built without its distributed part, as some builds are; and scipy, which
    only a loss of object detection uses, counts as missing. Both are put back at the end, and
    neither is needed: what another version doesn't have is left alone.
    """
    import torch

    with ExitStack() as stack:
        stack.enter_context(_standing_in(torch.distributed, "is_available", lambda: False))
        utils: Any = importlib.import_module("transformers.utils")
        stack.enter_context(_standing_in(utils, "is_scipy_available", lambda: False))
        yield


@contextmanager
def _standing_in(owner: Any, name: str, substitute: Callable[..., Any]) -> Iterator[None]:
    """Put something in place of an attribute, where there is one."""
    original = getattr(owner, name, None)
    if original is None:
        yield
        return
    setattr(owner, name, substitute)
    try:
        yield
    finally:
        setattr(owner, name, original)


def _unmarked(function: Any = None, *_: object, **__: object) -> Any:
    """Stands in for a mark, used as `@mark`, `@mark()` or `mark(function)`."""
    return function if function is not None else (lambda marked: marked)


class _Later(ModuleType):
    """Stands in for the package of torch's compiler, which takes half a second to import.

    Transformers and torch's optimisers mark functions for it, and nothing here compiles. So it
    marks nothing, and gives way to the package itself as soon as anything else is asked of it.
    """

    def __getattr__(self, name: str) -> Any:
        if name in _MARKS:
            return _unmarked
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(_give_way(), name)


class _Finder(MetaPathFinder):
    """Has the package imported before any module of it but the one that needs nothing of it."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(f"{_COMPILER}.") or fullname == _ALONE:
            return None
        _give_way()
        module = sys.modules.get(fullname)
        return None if module is None else spec_from_loader(fullname, _There(module))


class _There(Loader):
    """Gives a module that the package has imported on its way."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._spec = module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec


_finder = _Finder()


def _put_compiler_off(torch: ModuleType) -> None:
    if _COMPILER not in sys.modules:
        later = _Later(_COMPILER)
        later.__path__ = [str(Path(folder) / "_dynamo") for folder in torch.__path__]
        sys.modules[_COMPILER] = later
        torch._dynamo = later  # type: ignore[attr-defined]
        sys.meta_path.insert(0, _finder)


def _give_way() -> ModuleType:
    """The package itself, imported now."""
    if isinstance(sys.modules.get(_COMPILER), _Later):
        sys.meta_path.remove(_finder)
        del sys.modules[_COMPILER]
    return importlib.import_module(_COMPILER)
