"""A run as published result files: results/ALG/run_NNN/{params,case_N}.json.

kmeng01/rome's `experiments/summarize.py` reads such a folder unchanged. The store is what counts;
these files can be written from it again at any time.
"""

from __future__ import annotations

import json
from pathlib import Path

from ...errors import FileFormatError, UsageError
from ...store.records import Json, SessionRecord
from ..files import whole_file
from .outcomes import Outcomes
from .plan import EvalPlan

_OWN = "romebench"
"""The key of `params.json` that says which session a run belongs to."""


class ResultsTree:
    """The folder of one run.

    Attributes:
        folder: results/ALG/run_NNN.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def open(cls, results: Path, record: SessionRecord, plan: EvalPlan) -> ResultsTree:
        """The folder of a session's run: the one it has already, else the next number.

        Args:
            results: The folder of all results.

        Raises:
            UsageError: It can't be written.
        """
        family = results / plan.method.upper()
        held = next((f for f in run_folders(family) if _session_of(f) == record.uid), None)
        if held is not None:
            return cls(held)
        taken = [int(folder.name[4:]) for folder in run_folders(family)]
        folder = family / f"run_{max(taken, default=-1) + 1:03d}"
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise UsageError(f"can't make {folder}: {error.strerror}", "name a folder") from None
        own: Json = {"session": record.name, "uid": record.uid, "plan": plan.to_json()}
        if plan.uses_second_moment:
            own["statistics"] = record.statistics
        body = {
            **(plan.method_hparams or record.hparams),
            "model_name": record.model,
            "algo_name": plan.method.upper(),
            "dataset": plan.dataset,
            _OWN: own,
        }
        _write(folder / "params.json", body)
        return cls(folder)

    def write(self, case: Json) -> None:
        """Write one case's result, whole or not at all.

        Raises:
            UsageError: The folder can't be written.
            StoreError: The disk is full.
        """
        _write(self.folder / f"case_{case['case_id']}.json", case)

    def complete(self, outcomes: Outcomes) -> int:
        """Write every result that has no file yet; gives how many there were.

        Raises:
            UsageError: The folder can't be written.
            StoreError: The disk is full.
        """
        missing = [
            case
            for case_id, case in outcomes.cases.items()
            if not (self.folder / f"case_{case_id}.json").exists()
        ]
        for case in missing:
            self.write(case)
        return len(missing)


def run_folders(family: Path) -> list[Path]:
    """The run_NNN folders in results/ALG, by number."""
    if not family.is_dir():
        return []
    found = [f for f in family.iterdir() if f.is_dir() and f.name.startswith("run_")]
    return sorted((f for f in found if f.name[4:].isdecimal()), key=lambda f: int(f.name[4:]))


def read_run(folder: Path) -> list[Json]:
    """The case results of a run's folder, ours or a published code's, by case number.

    Raises:
        FileFormatError: There are none, or one is broken.
    """
    found: list[tuple[int, Path]] = []
    for path in folder.glob("*case_*.json"):
        number = path.stem.rsplit("_", 1)[-1]
        if number.isdecimal():
            found.append((int(number), path))
    if not found:
        raise FileFormatError(f"{folder}: no case_N.json in it", "name the folder of a run")
    return [_read(path) for _, path in sorted(found)]


def _read(path: Path) -> Json:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FileFormatError(f"{path}: {error}", "remove it, or write the results again") from None
    if not isinstance(data, dict):
        raise FileFormatError(f"{path}: not a case result", "it is a JSON object")
    return data


def second_moment_of(folder: Path) -> str:
    """How a run was made, "C" or "C=I", by its `params.json`; empty where that is silent, and
    for a method that uses none."""
    own = _own_params(folder)
    if "statistics" not in own:
        return ""
    return "C=I" if own["statistics"] is None else "C"


def _session_of(folder: Path) -> object:
    return _own_params(folder).get("uid")


def _own_params(folder: Path) -> Json:
    """What romebench wrote into a run's `params.json`; nothing where another program made it."""
    try:
        found = json.loads((folder / "params.json").read_text(encoding="utf-8"))[_OWN]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: Path, body: Json) -> None:
    with whole_file(path, force=True) as file:
        file.write(json.dumps(body, indent=1, ensure_ascii=False).encode())
