"""The public API is there, and costs nothing until it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import romebench

HEAVY = ("torch", "transformers", "sqlalchemy", "numpy", "click", "rich", "textual")


def modules_after(statement: str) -> set[str]:
    script = f"import sys\n{statement}\nprint(*sys.modules, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import romebench",
        "import romebench.errors, romebench.engine, romebench.sessions, romebench.store",
        "from romebench import EditRequest, Rule, Sampling, parse_typed, RomebenchError",
        "from romebench import Hparams, load_preset; load_preset('pocket')",
        "import romebench.workbench.bench, romebench.workbench.commands.registry",
        "import romebench.workbench.tui, romebench.workbench.repl, romebench.workbench.render",
    ],
)
def test_importing_it_is_free(statement: str) -> None:
    assert not modules_after(statement) & set(HEAVY)


@pytest.mark.parametrize("name", romebench.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    value = getattr(romebench, name)
    if name != "__version__":
        assert value.__doc__
        assert value.__module__.startswith("romebench.")
    assert name in dir(romebench)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="edit_model"):
        _ = romebench.edit_model


def test_opening_a_session_from_python() -> None:
    with romebench.open("mine") as session:
        step = session.edit(romebench.parse_typed("[LeBron James] plays the sport of => football"))
        assert step.vitals["efficacy"]
        session.undo()
    with romebench.open() as session:
        assert session.session.record.name == "mine"
        assert session.session.cursor.step == 0
