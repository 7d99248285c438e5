"""Starting: what must not be imported before the first frame, and what the collector does."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from romebench.workbench.tui.collector import rest, settle


def test_the_screen_needs_neither_engine_nor_store_to_start():
    code = (
        "import sys, romebench.workbench.tui.app, romebench.workbench.tui.workspace;"
        "heavy = {'torch', 'transformers', 'sqlalchemy', 'alembic', 'numpy', 'safetensors'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


@pytest.fixture
def collecting():
    """The collector as it was, whatever the test does."""
    yield
    gc.enable()
    gc.unfreeze()


def test_the_collector_rests_and_then_leaves_alone_what_is_old(collecting):
    rest()
    assert not gc.isenabled()
    old = [[]]
    old.append(old)
    settle()
    assert gc.isenabled()
    assert not any(each is old for each in gc.get_objects())
    young = [[]]
    assert any(each is young for each in gc.get_objects())
