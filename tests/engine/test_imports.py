"""Torch and transformers without what they need for compiling and for many machines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from romebench.engine import imports

WHOLE = """
import sys
from romebench.engine.imports import bring
bring()
from romebench.engine.loading import load_model
model = load_model("pocket")
import torch
heavy = [name for name in ("torch.distributed.tensor", "scipy") if name in sys.modules]
assert not heavy, heavy
assert torch.distributed.is_available()
stand_in = sys.modules["torch._dynamo"]
assert not hasattr(stand_in, "__file__")
import torch._dynamo.utils as utils
real = sys.modules["torch._dynamo"]
assert real is torch._dynamo is not stand_in and real.utils is utils and real.__file__
assert utils is sys.modules[utils.__spec__.name] and utils.__spec__.loader.name == utils.__name__
adam = torch.optim.Adam([torch.zeros(1, requires_grad=True)])
assert torch.compile(lambda x: x + 1, backend="eager")(torch.ones(1)).item() == 2
print(len(model.tokenizer))
"""


def test_the_compiler_is_put_off_until_it_is_asked_for() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WHOLE], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 1000


def test_preloading_leaves_to_the_import_what_it_does_not_find(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tried: list[bytes] = []
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(imports, "_dlopen", lambda path, mode: tried.append(path) or 0)
    found = imports._library_paths()
    imports.preload()
    assert tried == [bytes(path) for path in found[:1]]
    monkeypatch.setattr(imports, "find_spec", lambda name: None)
    imports.preload()
    assert len(tried) == len(found[:1])
    assert imports._library_paths() == []
    monkeypatch.undo()
    assert imports._dlopen(bytes(tmp_path / "none.so"), 2) == 0
